"""What a model can do, from the client's catalogue, as LangChain's `ModelProfile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.language_models import ModelProfile

    from siliconflow_client import ModelFacts


def profile_of(model: str) -> ModelProfile | None:
    """Describe a model, or return `None` for one that the catalogue does not know.

    `structured_output` makes agents ask for `json_schema` instead of calling a tool, so it is
    true only where the model is known to take both.
    """
    from siliconflow_client import lookup_model

    facts = lookup_model(model)
    if not facts.known or facts.kind != "chat":
        return None
    return _from_facts(facts)


def _from_facts(facts: ModelFacts) -> ModelProfile:
    profile: ModelProfile = {
        "name": facts.id,
        "max_input_tokens": facts.context_window,
        "text_inputs": "text" in facts.inputs,
        "image_inputs": "image" in facts.inputs,
        "image_url_inputs": "image" in facts.inputs,
        "pdf_inputs": "pdf" in facts.inputs,
        "audio_inputs": "audio" in facts.inputs,
        "video_inputs": "video" in facts.inputs,
        "image_tool_message": "image" in facts.inputs,
        "pdf_tool_message": False,
        "reasoning_output": facts.thinking in ("switch", "always"),
        "text_outputs": True,
        "image_outputs": False,
        "audio_outputs": False,
        "video_outputs": False,
        "tool_calling": facts.tools,
        "tool_choice": facts.tools,
        "structured_output": facts.tools and "json_schema" in facts.json_modes,
    }
    if facts.max_output_tokens is not None:
        profile["max_output_tokens"] = facts.max_output_tokens
    return profile
