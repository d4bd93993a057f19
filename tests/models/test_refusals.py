"""What servers say of a parameter that they refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from seatrial.models.refusals import (
    error_in,
    filtered,
    key_refused,
    other_length,
    out_of_quota,
    passes,
    passing,
    ran_out,
    refused_by_name,
    refused_parameter,
    seconds_to_wait,
    setting_for,
    wanted,
)

SENT = {"max_tokens", "temperature", "top_p", "seed", "logprobs", "top_logprobs", "response_format", "min_p"}
OLD_LENGTH = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)


def _error(message: str, **more: object) -> str:
    return json.dumps({"error": {"message": message, **more}})


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (_error(OLD_LENGTH, param="max_tokens", code="unsupported_parameter"), "max_tokens"),
        (_error("Unsupported value: 'temperature' does not support 0 with this model."), "temperature"),
        (_error("`temperature` and `top_p` cannot both be specified for this model."), "temperature"),
        (json.dumps({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "input": 5}]}), "seed"),
        (_error("property 'logprobs' is unsupported"), "logprobs"),
        (_error("You are not allowed to request logprobs from this model", param="logprobs"), "logprobs"),
        (_error("Requested sample logprobs of 60, which is greater than max allowed: 20"), "top_logprobs"),
        (_error('Unknown name "seed": Cannot find field.'), "seed"),
        (_error("json_schema is not supported"), "response_format"),
        ("min_p: unknown argument", "min_p"),
        (_error("Unable to submit request because topP is not supported"), "top_p"),
        (_error("top logprobs are not available with this model"), "top_logprobs"),
        ("content policy", ""),
        (_error("presence_penalty is not supported"), ""),
        (_error("This model's maximum context length is 4096 tokens; max_tokens is too large"), ""),
        (_error("The content filter was triggered by `temperature`"), ""),
        (json.dumps({"detail": [{"msg": "bad request", "input": "What is the temperature there?"}]}), ""),
        ("[" * 5000, ""),
    ],
)
def test_the_parameter_that_an_error_is_about(said: str, name: str) -> None:
    """A server's field or words name it; what is said of one conversation, or echoes it, names none."""
    assert refused_parameter(said, SENT) == name


def test_only_what_was_sent_is_refused() -> None:
    """A parameter that was not sent cannot be what is wrong."""
    assert refused_parameter(_error("temperature is not supported"), SENT - {"temperature"}) == ""


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        (_error("Missing required parameter: 'effort'.", param="effort"), "extra_body: {effort: …}"),
        (json.dumps({"detail": [{"loc": ["body", "tenant"], "msg": "Field required"}]}), "extra_body: {tenant: …}"),
        (_error("'safety_settings' is a required property"), "extra_body: {safety_settings: …}"),
        ("thinking: Field required", "extra_body: {thinking: …}"),
        (_error("This model requires the parameter `enable_thinking`"), "extra_body: {enable_thinking: …}"),
        (_error("Missing required parameter: 'stop'"), "extra_body: {stop: …}"),
        (_error("missing header X-Org"), "headers: {X-Org: …}"),
        (_error("Required header 'anthropic-version' is missing"), "headers: {anthropic-version: …}"),
        (_error("The header `X-Team` is not set."), "headers: {X-Team: …}"),
        (_error("Invalid value: 'max_tokens' is required to be positive"), ""),
        (_error("The conversation must include a user's message"), ""),
        (_error("The image is missing"), ""),
        (_error("temperature is not supported"), ""),
        ("[" * 5000, ""),
        ("", ""),
    ],
)
def test_what_a_server_wants_besides_is_answered_by_a_setting(said: str, setting: str) -> None:
    """A field or a header that was not sent is named with the setting that sends it; what was sent is not wanted."""
    assert wanted(said, SENT | {"model", "messages"}) == (f"set `{setting}`" if setting else "")


def test_what_is_wanted_and_has_a_setting_of_its_own_is_answered_by_that() -> None:
    """A field that settings of their own decide cannot stand in `extra_body`."""
    said = _error("Missing required parameter: 'temperature'.")
    assert wanted(said, {"model"}) == "set `generation: {temperature: …}`"
    assert wanted(said, {"temperature"}) == ""


def test_a_length_is_renamed_only_where_its_name_is_unknown() -> None:
    """A value that is too large is no reason to use the other name."""
    assert other_length(OLD_LENGTH, "max_tokens") == "max_completion_tokens"
    assert (
        other_length("max_completion_tokens: Extra inputs are not permitted", "max_completion_tokens") == "max_tokens"
    )
    assert other_length("max_tokens must be at most 256", "max_tokens") == ""


def test_a_reply_that_ran_out_is_told_from_a_refusal() -> None:
    """Some servers call it an error that a model thought until its longest length."""
    assert ran_out("Could not finish the message because max_tokens or model output limit was reached.")
    assert not ran_out(OLD_LENGTH)


@pytest.mark.parametrize("name", sorted(SENT))
def test_every_refusal_has_a_setting(name: str) -> None:
    """The setting is one of the policy's; a field that the policy passed through is answered there."""
    assert ("extra_body" in setting_for(name)) is (name == "min_p")


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Sat, 28 Nov 2026 14:00:00 GMT", 7200.0),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_a_server_asks_to_wait_so_many_seconds_or_until_a_time(after: str | None, seconds: float | None) -> None:
    """What is neither is not known, and what is past is now."""
    assert seconds_to_wait(after, datetime(2026, 11, 28, 12, tzinfo=UTC)) == seconds


def test_an_error_in_a_success_says_what_it_is() -> None:
    """By the status that it holds, under whatever name; without one it is a refusal of which nothing is known."""
    assert error_in({"error": {"message": "No auth", "code": 401}}) == (401, True)
    assert error_in({"error": {"status": "503"}}) == (503, True)
    assert error_in({"error": "odd"}) == (400, False)
    assert error_in({"error": {"code": "insufficient_quota"}}) == (400, False)
    answers: list[object] = [{"choices": [{}], "error": "late"}, {"error": None}, [], "x", {}]
    assert error_in({"choices": [{"error": {"code": 502}, "message": {"content": ""}}]}) == (502, True)
    assert error_in({"object": "error", "message": "The model `x` does not exist.", "code": 404}) == (404, True)
    for answer in answers:
        assert error_in(answer) is None


@pytest.mark.parametrize(
    ("words", "quota", "filter_"),
    [
        ("You exceeded your current quota, please check your plan and billing details.", True, False),
        ('{"error": {"code": "insufficient_quota"}}', True, False),
        (
            "Rate limit reached. Try again in 6s. Add a payment method at https://api.test/account/billing.",
            False,
            False,
        ),
        ("You exceeded your current quota, please check your plan and billing. Please retry in 11s.", False, False),
        ("Quota exceeded: requests per day. See billing; retry in 40s.", True, False),
        ("Your input was flagged for 'violence'.", False, True),
        ("Input data may contain inappropriate content.", False, True),
        ("Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO", False, True),
        ("Content Exists Risk", False, True),
        ("Your account was flagged.", False, False),
        ("Rate limit reached: 60 requests per minute.", False, False),
        ("The response was filtered by Azure OpenAI's content management policy.", False, True),
        ("ResponsibleAIPolicyViolation", False, True),
        ("temperature is not supported", False, False),
    ],
)
def test_what_waiting_does_not_mend_and_what_a_filter_stopped(words: str, quota: bool, filter_: bool) -> None:
    """By the server's own words."""
    assert (out_of_quota(words), filtered(words)) == (quota, filter_)


def test_what_passes_and_what_no_other_try_mends() -> None:
    """Busy servers pass, by their status and by their words; what is not implemented or wants a login does not."""
    assert all(passes(status) for status in (408, 429, 500, 502, 503, 529))
    assert not any(passes(status) for status in (400, 402, 404, 413, 501, 505, 511))
    assert passing("Overloaded, try again later") and passing("the model is loading")
    assert not passing("Invalid API-key provided.")


def test_a_refusal_under_another_status_is_one_by_its_words() -> None:
    """An error of the server's own that only mentions a parameter is none."""
    assert refused_by_name("seed is not implemented", SENT) == "seed"
    assert refused_by_name("internal error while reading the seed", SENT) == ""


def test_a_refused_key_is_answered_by_where_to_put_one() -> None:
    """By the variable that was read; without one, by how to name it."""
    assert "the environment variable MY_KEY" in key_refused(401, "MY_KEY")
    assert "without a key (403)" in key_refused(403, "")
