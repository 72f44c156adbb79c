"""A film: ordered at once, then asked for; no call waits longer than max_wait seconds."""
# pyright: basic

from tempfile import mkdtemp

from llama_index_siliconflow import SiliconFlowToolSpec
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

settings = local_settings()
poll = 0.01 if settings else 5.0  # the simulator's films are soon made
spec = SiliconFlowToolSpec(folder=mkdtemp(), max_wait=60, poll=poll, **settings)
print([tool.metadata.name for tool in spec.to_tool_list()])

ordered = spec.submit_video(prompt="Waves on a beach", image_size="1280x720")
print("ordered:", bool(ordered.request_id))

# An agent does this too: it asks once more when a film takes longer than max_wait.
film = spec.video_status(request_id=ordered.request_id)
while not film.files:
    film = spec.video_status(request_id=ordered.request_id)
print(f"{film.status}: {film.files[0].stem[:6]}, more than 1000 bytes:", end=" ")
print(film.files[0].stat().st_size > 1000)
