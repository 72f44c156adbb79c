"""Faults on order: the header `x-simulate` names what should go wrong with a request.

One word or several, separated by commas. Words with `=N` take a number.

| word | what happens |
|---|---|
| `400` `401` `402` `403` `404` `410` `413` `429` `451` `500` `503` | that status, with the body that documents or captures show |
| `504` | that status, with a proxy's HTML page |
| `429-retry-after=2`, `503-retry-after=2` | that status with a `retry-after` header |
| `429-plain` | 429 with plain text |
| `detail` `detail-list` | 404 and 422 as a server built on FastAPI writes them by itself |
| `html-200` | an HTML page under status 200 |
| `error-200` | an error object under status 200 |
| `broken-json` | JSON that breaks off |
| `no-choices` | the answer without `choices` (`data`, `images`, `results`) |
| `empty` | an answer with nothing in it |
| `failed` | the status of a film: "Failed", with a reason |
| `expired` | 404 with code 20063, as for a film that is not kept any longer |
| `cut-stream` `cut-stream=N` | the stream ends properly after N chunks (2), without finish_reason and `[DONE]` |
| `drop` `drop=N` | the connection breaks off after N chunks (2) |
| `error-stream` `error-stream=N` | after N chunks (2) a `{code, message}` line, then the end |
| `error-stream-openai` `error-stream-openai=N` | after N chunks (2) an `{error: …}` line, then `[DONE]` |
| `stall` `stall=N` | after N chunks (2) nothing more comes; a plain answer never comes |
| `slow=0.2` | seconds before every chunk, and before a plain body |
| `crlf` `comments` `no-space` `bom` | the stream with CRLF, comment lines, `data:` without a space, a byte order mark |
| `one-byte` | the body byte by byte |
| `batch-expires` `batch-expires=N` | of `POST /batches`: the batch expires after N of its requests (0) |
"""  # noqa: E501
