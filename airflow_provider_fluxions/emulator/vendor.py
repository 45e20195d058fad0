"""The vendor's calls, from a request to a response."""

from __future__ import annotations

from airflow_provider_fluxions.emulator import probe, speech, views
from airflow_provider_fluxions.emulator.exchange import Exchange
from airflow_provider_fluxions.emulator.intake import Intake, take_in
from airflow_provider_fluxions.emulator.recognition import Upload
from airflow_provider_fluxions.emulator.replies import ApiError, Reply, error_reply, json_reply
from airflow_provider_fluxions.emulator.speech_orders import HOSTED_PATH, OWN_PATH, RENDER_PATH

_MAX_LIMIT = 100
_MAX_INTEGER = 2**63 - 1
_PATHS = ("/health", "/transcriptions", HOSTED_PATH, OWN_PATH, RENDER_PATH)
_KEY_PROBLEMS = {
    "missing": "Missing API key: send it in the Authorization header",
    "wrong": "Invalid API key",
    "bearer": "Invalid API key: send the bare key in the Authorization header, without the 'Bearer ' prefix",
}


async def answer(exchange: Exchange) -> Reply:
    """Carry a request out; an invalid one becomes an error response in the profile's style."""
    try:
        return await _dispatch(exchange)
    except ApiError as error:
        return error_reply(error, exchange.emulator.profile)


async def _dispatch(exchange: Exchange) -> Reply:
    path, method = exchange.request.url.path, exchange.request.method
    profile = exchange.emulator.profile
    submitting = path == profile.submit_path
    if not (submitting or path in _PATHS or path.startswith("/transcriptions/")):
        raise ApiError(404, "Not Found")
    allowed = "POST" if submitting or path == RENDER_PATH else "GET"
    if method != allowed:
        raise ApiError(405, "Method Not Allowed", allowed=allowed)
    if path == "/health":
        return json_reply(profile.health)
    if path == HOSTED_PATH:  # needs no key, like the health
        return speech.list_voices(exchange, own=False)
    if exchange.record.key != "valid":
        raise ApiError(401, _KEY_PROBLEMS[exchange.record.key])
    if submitting:
        return await _submit(exchange)
    if path == RENDER_PATH:
        return await speech.render(exchange)
    if path == OWN_PATH:
        return speech.list_voices(exchange, own=True)
    if path == "/transcriptions":
        return _list(exchange)
    return _get(exchange, path.removeprefix("/transcriptions/"))


async def _submit(exchange: Exchange) -> Reply:
    emulator, request = exchange.emulator, exchange.request
    if "content-length" not in request.headers:
        raise ApiError(411, "Length Required: send a Content-Length, not a chunked body")
    non_speech = _boolean(exchange, "non_speech", default=False)
    cache = _boolean(exchange, "cache", default=True)
    with Intake(emulator.spool) as intake:
        part_filename = await take_in(exchange.body(), request.headers.get("content-type", ""), intake)
        upload = intake.upload()
        _check_audio(upload, emulator.settings.reject_non_audio)
        await exchange.stage("before_create")
    filename = request.query_params.get("filename") or part_filename or "audio"
    job = emulator.job_service.submit(upload, filename, non_speech, cache)
    exchange.record.job_id, exchange.record.filename = job.id, filename
    base = emulator.settings.query_urls_base or str(request.base_url).rstrip("/")
    return json_reply(views.submitted(job, base))


def _check_audio(upload: Upload, reject_non_audio: bool) -> None:
    if upload.size_bytes == 0:
        raise ApiError(400, "The audio is empty")
    if reject_non_audio and probe.audio_format(upload.head) is None:
        raise ApiError(415, "Unsupported media type: the body is not audio")


def _get(exchange: Exchange, job_id: str) -> Reply:
    emulator = exchange.emulator
    if not job_id.isdecimal() or not job_id.isascii():
        status = 422 if emulator.profile.detail_errors else 404
        raise ApiError(status, "The transcription id must be an integer")
    word_timestamps = _boolean(exchange, "word_level_timestamps", default=False)
    job = emulator.job_service.read(int(job_id)) if int(job_id) <= _MAX_INTEGER else None
    if job is None:
        raise ApiError(404, "Transcription not found")
    exchange.record.job_id = job.id
    view = views.transcription(job, emulator.profile, word_timestamps, emulator.settings.words)
    return json_reply(emulator.list_behavior.with_name(view, "read"))


def _list(exchange: Exchange) -> Reply:
    emulator = exchange.emulator
    limit = _integer(exchange, "limit", 50, 1, _MAX_LIMIT)
    offset = _integer(exchange, "offset", 0, 0, _MAX_INTEGER)
    behavior = emulator.list_behavior
    limit, size = behavior.page(limit, offset)
    total, jobs = emulator.job_service.read_page(size, offset)
    entries = [behavior.with_name(views.list_entry(job, emulator.profile), "list") for job in jobs]
    page = {"total": total, "limit": limit, "offset": offset, "transcriptions": entries}
    return json_reply(behavior.with_total(page))


def _boolean(exchange: Exchange, name: str, *, default: bool) -> bool:
    value = exchange.request.query_params.get(name)
    if value not in (None, "true", "false"):
        raise ApiError(400, f"{name} must be true or false", name)
    return default if value is None else value == "true"


def _integer(exchange: Exchange, name: str, default: int, low: int, high: int) -> int:
    value = exchange.request.query_params.get(name)
    if value is None:
        return default
    digits = value.removeprefix("-")
    if not (digits.isdecimal() and digits.isascii() and len(digits) < 20 and low <= int(value) <= high):
        raise ApiError(400, f"{name} must be an integer from {low} to {high}", name)
    return int(value)
