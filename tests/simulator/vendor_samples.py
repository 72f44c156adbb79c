"""What the samples of the vendor's pages send: bodies and the pages that they stand on.

Only what a request is made of; prompts are in our own words, but for those whose words the sample is
about. Models that are no longer served with what a sample needs are replaced: `DeepSeek-V2.5`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

CN: Final = "https://docs.siliconflow.cn/cn/"
COM: Final = "https://docs.siliconflow.com/en/"


@dataclass(frozen=True, kw_only=True)
class ChatSample:
    """A sample that asks for a chat answer.

    Attributes:
        page: Where it stands.
        body: The arguments of `client.chat.completions.create`.
        bare: The sample reads `chunk.choices[0]` of every chunk, without a look whether it is there.
        thinks: The model shows its thinking.
        keys: The keys of the object that is answered with.
        again: What is asked in a second round.
    """

    page: str
    body: dict[str, Any] = field(repr=False)
    bare: bool = False
    thinks: bool = False
    keys: frozenset[str] = frozenset()
    again: str = ""

    @property
    def extra(self) -> dict[str, Any]:
        return self.body.get("extra_body", {})

    @property
    def whole(self) -> dict[str, Any]:
        """The body as it is sent."""
        return {
            name: value for name, value in self.body.items() if name != "extra_body"
        } | self.extra


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def seen(url: str, **told: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **told}}


PICTURE: Final = seen("https://example.com/conference.jpg")
FILM: Final = {
    "type": "video_url",
    "video_url": {
        "url": "https://example.com/demo.mp4", "detail": "high", "max_frames": 16, "fps": 1,
    },
}  # fmt: skip
SOUND: Final = {"type": "audio_url", "audio_url": {"url": "data:audio/wav;base64,UklGRnoGAABXQVZF"}}
BEGUN: Final = """
def quick_sort(arr):
    # 基本情况，如果数组长度小于等于 1，则返回数组
    if len(arr) <= 1:
        return arr
    else:
"""
ENDED: Final = """
# 测试 quick_sort 函数
arr = [3, 6, 8, 10, 1, 2, 1]
sorted_arr = quick_sort(arr)
print("Sorted array:", sorted_arr)
"""
LEGENDS: Final = {
    "model": "Pro/deepseek-ai/DeepSeek-R1",
    "messages": [user("Who are the legends of the Olympic Games?")],
    "max_tokens": 4096,
    "extra_body": {"thinking_budget": 1024},
}
CHAMPIONS: Final = {
    "model": "deepseek-ai/DeepSeek-V2.5",
    "messages": [
        {"role": "system", "content": "You are an assistant that writes JSON."},
        user('谁是冠军? Please respond in the format {"男子冠军": ..., "女子冠军": ...}'),
    ],
    "response_format": {"type": "json_object"},
}
CHAMPIONS_OF_COM: Final = {
    **CHAMPIONS,
    "messages": [user('Who won? Please respond in the format {"Men\'s Champion": ..., "Women\'s Champion": ...}')],
}  # fmt: skip


def looking(*parts: dict[str, Any], model: str = "Qwen/Qwen2-VL-72B-Instruct") -> dict[str, Any]:
    asked = user([*parts, {"type": "text", "text": "What is to be seen there?"}])
    return {"model": model, "messages": [asked], "stream": True}


def asking(model: str, text: str, *before: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"model": model, "messages": [*before, user(text)], **settings}


MARKDOWN: Final = {"role": "system", "content": "You analyse data and write Markdown."}
HELPFUL: Final = {"role": "system", "content": "You are a helpful assistant."}
LONG: Final = {"temperature": 0.7, "max_tokens": 4096}
SHORT: Final = {"temperature": 0.7, "max_tokens": 1024, "stream": True}

CHAT_SAMPLES: Final[dict[str, ChatSample]] = {
    "stream": ChatSample(
        page=CN + "faqs/stream-mode",
        body=asking("deepseek-ai/DeepSeek-V2.5", "What do free tokens change?", stream=True),
    ),
    "an image": ChatSample(
        page=CN + "userguide/capabilities/multimodal-vision",
        body=looking(PICTURE, model="Qwen/Qwen2.5-VL-72B-Instruct") | {"stream": False},
    ),
    "a film": ChatSample(
        page=CN + "userguide/capabilities/multimodal-vision",
        body=looking(FILM, model="Qwen/Qwen3-Omni-30B-A3B-Instruct"),
        bare=True,
    ),
    "a sound": ChatSample(
        page=CN + "userguide/capabilities/multimodal-vision",
        body=looking(SOUND, model="Qwen/Qwen3-Omni-30B-A3B-Instruct") | {"stream": False},
    ),
    "one of two images": ChatSample(
        page=COM + "userguide/capabilities/vision", body=looking(PICTURE), bare=True
    ),
    "two images": ChatSample(
        page=COM + "userguide/capabilities/vision", body=looking(PICTURE, PICTURE), bare=True
    ),
    "thinking, streamed": ChatSample(
        page=CN + "userguide/capabilities/reasoning",
        body=LEGENDS | {"stream": True},
        bare=True,
        thinks=True,
        again="Go on",
    ),
    "thinking": ChatSample(
        page=CN + "userguide/capabilities/reasoning",
        body=LEGENDS | {"stream": False},
        thinks=True,
        again="Go on",
    ),
    "a haiku": ChatSample(
        page=CN + "userguide/capabilities/text-generation",
        body=asking("deepseek-ai/DeepSeek-V3", "Write a haiku about recursion.", HELPFUL, **SHORT),
    ),
    "an image, with settings": ChatSample(
        page=CN + "userguide/capabilities/text-generation",
        body=looking(PICTURE, model="deepseek-ai/deepseek-vl2") | SHORT,
    ),
    "an object": ChatSample(
        page=CN + "userguide/capabilities/text-generation",
        body=CHAMPIONS,
        keys=frozenset({"男子冠军", "女子冠军"}),
    ),
    "a tutorial": ChatSample(
        page=CN + "userguide/capabilities/text-generation",
        body=asking("Qwen/Qwen2.5-Coder-32B-Instruct", "Explain an async crawler.", **LONG),
    ),
    "a report": ChatSample(
        page=CN + "userguide/capabilities/text-generation",
        body=asking("Qwen/QVQ-72B-Preview", "How many cars were sold?", MARKDOWN, **LONG),
        thinks=True,
    ),
    "fill in the middle": ChatSample(
        page=CN + "userguide/guides/fim",
        body=asking(
            "deepseek-ai/DeepSeek-V2.5",
            "Please write quick sort code",
            extra_body={"prefix": BEGUN, "suffix": ENDED},
            stream=True,
            max_tokens=4096,
        ),
        bare=True,
    ),
    "a model of one's own": ChatSample(
        page=CN + "userguide/guides/fine-tune",
        body=asking("LoRA/Qwen/Qwen2.5-7B-Instruct", "Explain it.", stream=True, max_tokens=4096),
        bare=True,
    ),
    "JSON mode": ChatSample(
        page=COM + "userguide/guides/json-mode",
        body=CHAMPIONS_OF_COM,
        keys=frozenset({"Men's Champion", "Women's Champion"}),
    ),
    "prefix": ChatSample(
        page=CN + "userguide/guides/prefix",
        body=asking(
            "deepseek-ai/DeepSeek-V2.5",
            "Please write quick sort code",
            extra_body={"prefix": "```python\n"},
        ),
    ),
    "quickstart": ChatSample(
        page=CN + "userguide/quickstart",
        body=asking("Qwen/Qwen2.5-72B-Instruct", "What does a reasoning model bring?", stream=True),
    ),
    "quickstart, thinking": ChatSample(
        page=COM + "userguide/quickstart",
        body=asking("deepseek-ai/DeepSeek-R1", "Tell me a story.", stream=True),
        thinks=True,
    ),
    "settings against odd characters": ChatSample(
        page=CN + "faqs/misc",
        body=asking(
            "Qwen/Qwen2.5-72B-Instruct", "1+1=?", max_tokens=200, temperature=0.7, top_p=0.7,
            frequency_penalty=0, extra_body={"top_k": 50},
        ),
    ),
}  # fmt: skip

COSY: Final = "FunAudioLLM/CosyVoice2-0.5B"
REFERENCE: Final = {"audio": "https://example.com/alex.mp3", "text": "A day of the dream ends."}
SPEECH_PAGE: Final = CN + "userguide/capabilities/text-to-speech"
SPEECH_SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "a voice of the model": {
        "model": COSY,
        "voice": f"{COSY}:alex",
        "input": "Can you be merry?<|endofprompt|>今天真是太开心了！",
        "response_format": "mp3",
    },
    "an uploaded voice": {
        "model": COSY,
        "voice": "speech:your-voice-name:cm02pf7az00061413w7kz5qxs:mttkgbyuunvtybnsvbxd",
        "input": " 请模仿粤语。< |endofprompt| >早休息。",
        "response_format": "mp3",
    },
    "a voice that comes along": {
        "model": COSY,
        "voice": "",
        "input": "  [laughter]We smile.",
        "response_format": "mp3",
        "extra_body": {"references": [REFERENCE]},
    },
}
DIALOGUE: Final[dict[str, Any]] = {
    "model": "fnlp/MOSS-TTSD-v0.5",
    "stream": True,
    "input": "[S1]Hello, how are you?[S2]Fine, thanks![S1]Good.",
    "references": [REFERENCE, REFERENCE],
    "max_tokens": 1600,
    "response_format": "mp3",
    "speed": 1,
    "gain": 0,
}
VOICE: Final[dict[str, Any]] = {
    "model": COSY,
    "customName": "your-voice-name",
    "text": "在一无所知中",
}

IMAGE_PAGE: Final = CN + "userguide/capabilities/images"
IMAGE: Final[dict[str, Any]] = {
    "model": "Kwai-Kolors/Kolors",
    "prompt": "a cat",
    "size": "1024x1024",
    "n": 1,
    "extra_body": {"step": 20},
}

BATCH_PAGE: Final = CN + "userguide/guides/batch"
BATCH: Final[dict[str, Any]] = {
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
    "metadata": {"description": "nightly eval job"},
}
BATCH_LINES: Final[list[dict[str, Any]]] = [
    {
        "custom_id": f"request-{number}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": asking(
            "deepseek-ai/DeepSeek-V3",
            text,
            {"role": "system", "content": "You are a versatile assistant"},
            stream=True,
            max_tokens=1514,
            thinking_budget=32768,
        ),
    }
    for number, text in enumerate(["How does photosynthesis work?", "What if we could fly?"], 1)
]

TOOLS_PAGE: Final = CN + "userguide/guides/function-calling"


def function(name: str, about: str, kind: str, **fields: str) -> dict[str, Any]:
    """A tool as that page writes it, with Python's names of types."""
    properties = {key: {"type": kind, "description": text} for key, text in fields.items()}
    parameters = {"type": "object", "properties": properties, "required": [*fields]}
    told = {"name": name, "description": about, "parameters": parameters}
    return {"type": "function", "function": told}


NUMBERS: Final = {"a": "A number", "b": "A number"}
CALCULATOR: Final = [
    function("add", "Compute the sum of two numbers", "int", **NUMBERS),
    function("mul", "Calculate the product of two numbers", "int", **NUMBERS),
    function(
        "count_letter_in_string", "Count letter number in a string", "str",
        a="source string", b="letter",
    ),
    function("compare", "Compare two number, which one is bigger", "float", **NUMBERS),
]  # fmt: skip
FORECAST: Final = [
    function("get_weather", "Get the current weather for a given city.", "string", city="The city.")
]
TOOL_MODEL: Final = "deepseek-ai/DeepSeek-V3.2"
TOOL_SETTINGS: Final[dict[str, Any]] = {"temperature": 0.01, "top_p": 0.95}
TOOL_SAMPLES: Final[
    dict[str, tuple[str, list[dict[str, Any]], tuple[str, dict[str, Any]], str]]
] = {
    "letters": (
        "用中文回答：strawberry中有多少个r?",
        CALCULATOR,
        ("count_letter_in_string", {"a": "strawberry", "b": "r"}),
        "The letter 'r' appears 3 times in the string.",
    ),
    "numbers": (
        "用中文回答：9.11和9.9，哪个小?",
        CALCULATOR,
        ("compare", {"a": 9.11, "b": 9.9}),
        "9.9 is greater than 9.11",
    ),
    "weather": (
        "how is the weather today in beijing?",
        FORECAST,
        ("get_weather", {"city": "beijing"}),
        "The weather in beijing is sunny with a temperature of 21.4°C.",
    ),
}
"""What is asked, the tools, the call that the sample counts on, and what the function returns."""
