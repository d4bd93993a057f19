"""What must hold, as people write it: the policy with its gates, and the models that a file names."""

from seatrial.policy.launch_policy import (
    Budget,
    Gate,
    JudgeSpec,
    LaunchPolicy,
    Measure,
    Reuse,
    SignalSpec,
    load_policy,
    margin_fits,
    parse_policy,
)
from seatrial.policy.model_spec import Generation, ModelSpec, Turn, from_environment, resolved_model
from seatrial.policy.runs_spec import RunsSpec
from seatrial.policy.summary_spec import Figures, SummarySpec
from seatrial.policy.task_spec import TaskSpec

__all__ = [
    "Budget",
    "Figures",
    "Gate",
    "Generation",
    "JudgeSpec",
    "LaunchPolicy",
    "Measure",
    "ModelSpec",
    "Reuse",
    "RunsSpec",
    "SignalSpec",
    "SummarySpec",
    "TaskSpec",
    "Turn",
    "from_environment",
    "load_policy",
    "margin_fits",
    "parse_policy",
    "resolved_model",
]
