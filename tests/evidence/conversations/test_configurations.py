"""Models as users meet them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from conftest import Endpoint
from seatrial.errors import PolicyError
from seatrial.evidence.conversations.configurations import Settings, configured, resolved_settings
from seatrial.evidence.conversations.conversation_policy import load_conversation_policy
from seatrial.evidence.conversations.run import meetings_of
from seatrial.personas import find_areas, find_personas
from seatrial.policy import ModelSpec
from talkers import conversation_policy

SPEC = ModelSpec(model="a/b", system="As it is.", extra_body={"k": 1}, headers={"X-One": "1"})


def test_settings_take_the_place_of_the_models_and_leave_the_rest() -> None:
    """What a product sets holds, what it leaves out stays, and fields and headers come together."""
    made = configured(SPEC, Settings(extra_body={"l": 2}, headers={"X-Two": "2"}))
    assert made.system == "As it is."
    assert made.extra_body == {"k": 1, "l": 2}
    assert made.headers == {"X-One": "1", "X-Two": "2"}
    assert configured(SPEC, Settings(system="Mira.")).system == "Mira."


def test_what_no_model_may_have_is_refused() -> None:
    """A product's fields are checked as a model's are."""
    with pytest.raises(ValidationError, match="set by"):
        configured(SPEC, Settings(extra_body={"temperature": 1}))


def test_a_system_prompt_is_read_from_its_file(tmp_path: Path) -> None:
    """A path stands for what is in the file; one that is not there is named."""
    (tmp_path / "mira.md").write_text("You are Mira.\n", encoding="utf-8")
    assert resolved_settings(Settings(system="mira.md"), SPEC, tmp_path).system == "You are Mira."
    with pytest.raises(PolicyError, match=r"nobody\.md"):
        resolved_settings(Settings(system="nobody.md"), SPEC, tmp_path)


PRODUCTS = "{plain: {}, app: {system: app.md, candidate: {system: Be warm and brief.}}}"


def test_a_policy_meets_its_models_as_each_product(tmp_path: Path, endpoint: Endpoint) -> None:
    """Shared settings hold for both models, a side's own before them; the budget pays for all products of a persona."""
    (tmp_path / "app.md").write_text("You are the app.", encoding="utf-8")
    path, _ = conversation_policy(
        tmp_path,
        endpoint.url,
        configurations=PRODUCTS,
        gates="[{signal: conversation/harm, margin: 0.1, per: configuration}]",
    )
    policy = load_conversation_policy(path)
    plain, app = policy.products
    assert (plain.name, plain.candidate.system) == ("plain", "Be warm.")
    assert (app.baseline.system, app.candidate.system) == ("You are the app.", "Be warm and brief.")
    people = find_personas(list(find_areas().values()), empty_too=True)[:2]
    planned = meetings_of(policy, people)
    assert [one.configuration for one in planned.meetings] == ["plain"] * 4 + ["app"] * 4
    assert planned.meetings[0].unit.endswith("@plain")
    assert policy.decides(Path("x")).gates[0].per == "use_case"


def test_a_gate_per_configuration_needs_configurations(tmp_path: Path, endpoint: Endpoint) -> None:
    """A gate cannot hold in products that the policy does not name."""
    with pytest.raises(PolicyError, match="needs `configurations:`"):
        conversation_policy(
            tmp_path, endpoint.url, gates="[{signal: conversation/harm, margin: 0.1, per: configuration}]"
        )
