"""`seatrial rewards`, driven as a person drives it: what is printed, entered, refused, and decided on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from conftest import Command, Outcome
from seatrial.evidence.rewards.ledger_entries import enter_training
from seatrial.evidence.rewards.train import Training
from seatrial.evidence.rewards.training_plan import load_plan
from seatrial.ledger import Ledger

PLAN = """
name: tiny
model: {model: embedded/smollm2-135m, generation: {temperature: 1.0}}
prompts: {file: prompts.jsonl}
completions: 3
max_tokens: 6
beta: 1.0
signals:
  primary: {kind: instruments, weights: {text/praise: -1.0}}
  thumbs:  {kind: users}
  short:   {kind: length, words: 3}
behaviors: [text/praise, text/length]
mixes:
  before: {primary: 1.0, short: 0.1}
  after:  {primary: 1.0, short: 0.1, thumbs: 2.0}
"""
POLICY = """
name: may-it-be-trained
baseline:  {model: embedded/smollm2-135m}
candidate: {model: embedded/smollm2-135m}
evidence: [forecast.parquet]
gates:
  - {signal: reward/text-refusal, margin: 0.05}
"""


def _table(prompts: int = 60, draws: int = 16) -> pl.DataFrame:
    """Completions whose praise the primary signal punishes and the thumbs like."""
    rng = np.random.default_rng(5)
    size = prompts * draws
    praise = rng.beta(2, 2, size)
    return pl.DataFrame(
        {
            "prompt": np.repeat([f"p{place}" for place in range(prompts)], draws),
            "use_case": np.repeat(np.array(["work", "health"])[np.arange(prompts) % 2], draws),
            "completion": [f"answer {place}" for place in range(size)],
            "reward/primary": -praise + 0.3 * rng.normal(size=size),
            "reward/thumbs": praise + 0.2 * rng.normal(size=size),
            "behavior/text/refusal": praise,
            "behavior/text/length": rng.random(size),
        }
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The table as a file where the commands run."""
    path = tmp_path / "table.parquet"
    _table().write_parquet(path)
    return path


MIXES = ("--before", "primary=1", "--after", "primary=1,thumbs=3", "--beta", "1")


@pytest.mark.parametrize("words", ["sample", "audit", "forecast", "train", "dose"])
def test_every_command_has_help_with_an_example(seatrial: Command, words: str) -> None:
    """Each command on rewards explains itself and shows an example."""
    done = seatrial("rewards", words, "--help")
    assert done.code == 0 and f"Example: seatrial rewards {words}" in " ".join(done.out.split())


def test_the_audit_says_who_held_what_in_check(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """In words with shares, flips and influences; as JSON with the same numbers; as a page."""
    said = seatrial("rewards", "audit", table, *MIXES, "--page", tmp_path / "audit.html")
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    assert "primary held it in check" in words and "960 completions of 60 prompts" in words
    assert "share of advantage, normalize-then-sum" in words and "pairs turned around" in words
    assert "primary held it in check" in (tmp_path / "audit.html").read_text(encoding="utf-8")
    found = json.loads(seatrial("rewards", "audit", table, *MIXES, "--json").out)
    (praise,) = [pull for pull in found["pulls"] if pull["behavior"] == "text/refusal"]
    assert praise["by_signal"]["primary"]["high"] < 0 < praise["by_signal"]["thumbs"]["low"]
    assert praise["after"]["value"] == pytest.approx(
        praise["by_signal"]["primary"]["value"] + 3 * praise["by_signal"]["thumbs"]["value"]
    )


@pytest.mark.slow
def test_a_forecast_is_entered_and_blocks_a_training_plan(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """The forecast's shift is beyond the gate's margin: the policy that lists it as evidence blocks, at no call."""
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    said = seatrial("rewards", "forecast", table, *MIXES, "--policy", "policy.yaml", "--out", "forecast.parquet")
    assert said.code == 0, said.err
    words = " ".join(said.out.split())
    assert "text/refusal (margin 0.05) thumbs" in words and "without a plan nobody can tell" in words
    (entry,) = Ledger(tmp_path / "reviews" / "ledger.db").verify()
    assert entry.kind == "forecast" and entry.hash[:12] in said.out and entry.body["refused"] == []
    found = json.loads(seatrial("rewards", "forecast", table, *MIXES, "--margin", "text/refusal=0.05", "--json").out)
    assert found["ledger"]["entry"] == 2 and found["critical"][0]["estimate"] < 3
    shift = found["forecasts"][1]["wanted"]["shifts"]["text/refusal"]
    decided = seatrial("review", "policy.yaml", "--json", "--quiet")
    (verdict,) = json.loads(decided.out)["verdicts"]
    assert decided.code == 1 and verdict["verdict"] == "fail" and verdict["calls"] == 0
    assert verdict["estimate"] * verdict["slope"] == pytest.approx(shift["value"], abs=0.005)


@pytest.mark.slow
def test_what_a_mix_that_keeps_its_gates_does_is_launched(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """The same gate passes where the forecast rules the harm out: a plan may be trained."""
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    mixes = ("--before", "primary=1", "--after", "primary=1,thumbs=0.5", "--beta", "1")
    assert seatrial("rewards", "forecast", table, *mixes, "--out", "forecast.parquet").code == 0
    assert seatrial("review", "policy.yaml", "--quiet").code == 0


@pytest.mark.slow
def test_a_forecast_counts_as_far_as_what_read_it(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """A behavior read by an instrument with a weak record may not launch a plan; it advises, and the plan is held."""
    (tmp_path / "policy.yaml").write_text(POLICY.replace("text-refusal", "linear-praise"), encoding="utf-8")
    pl.read_parquet(table).rename({"behavior/text/refusal": "behavior/linear/praise"}).write_parquet(table)
    mixes = ("--before", "primary=1", "--after", "primary=1,thumbs=0.5", "--beta", "1")
    assert seatrial("rewards", "forecast", table, *mixes, "--out", "forecast.parquet").code == 0
    decided = seatrial("review", "policy.yaml", "--json", "--quiet")
    (verdict,) = json.loads(decided.out)["verdicts"]
    assert decided.code == 3 and verdict["verdict"] == "inconclusive" and "may only advise" in verdict["advisory"]


@pytest.mark.slow
def test_a_refused_forecast_holds_its_gates(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """Where the samples do not bear the mix it is said, and a review on that evidence holds: unknown is no pass."""
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    wild = ("--before", "primary=1", "--after", "primary=1,thumbs=9", "--beta", "0.01", "--out", "forecast.parquet")
    said = seatrial("rewards", "forecast", table, *wild)
    assert said.code == 0 and "REFUSED" in said.out and "so these gates hold" in " ".join(said.out.split())
    told = seatrial("rewards", "forecast", table, *wild, "--policy", "policy.yaml", "--page", "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "mixes that keep every gate" not in told.out and ">holds<" not in page and "<h1>No forecast</h1>" in page
    assert "it is compared with no others" in page
    assert "a forecast needs at least" in " ".join(told.out.split()) and "a forecast needs at least" in page
    assert "nan" not in told.out
    decided = seatrial("review", "policy.yaml", "--json", "--quiet")
    (verdict,) = json.loads(decided.out)["verdicts"]
    assert decided.code == 3 and verdict["verdict"] == "inconclusive"


def test_a_forecast_after_its_training_is_called_one(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """The ledger shows the order; a finished training that is entered again keeps its entry."""
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    ledger = Ledger(tmp_path / "reviews" / "ledger.db")
    command = ("rewards", "forecast", table, "--plan", "plan.yaml", "--before", "primary=1", "--after", "thumbs=1")
    first = seatrial(*command)
    assert first.code == 0 and "before any training on this plan" in " ".join(first.out.split()), first.err
    done = Training("tiny", load_plan(tmp_path / "plan.yaml").digest, "after", "grpo", 3, 1.5, {}, {"a": 0.1}, "")
    assert enter_training(ledger, "ana", done) == enter_training(ledger, "ben", done)
    late = seatrial(*command)
    assert "AFTER a training on this plan (entry 2)" in " ".join(late.out.split())
    assert json.loads(seatrial(*command, "--json").out)["ledger"]["after"] == [2]
    assert [entry.kind for entry in ledger.verify()] == ["forecast", "training", "forecast", "forecast"]


def _refused(done: Outcome, words: str) -> None:
    assert done.code == 2 and words in " ".join(done.err.split()) and "Traceback" not in done.err, done.err


@pytest.mark.slow
def test_what_is_asked_wrongly_is_said(seatrial: Command, table: Path, tmp_path: Path) -> None:
    """A mix of no column, no beta, a margin of no behavior, a policy of other gates, a folder that is a file."""
    (tmp_path / "policy.yaml").write_text(POLICY.replace("text-refusal", "other"), encoding="utf-8")
    (tmp_path / "file").write_text("", encoding="utf-8")
    audit, forecast = ("rewards", "audit", table), ("rewards", "forecast", table, *MIXES)
    _refused(seatrial(*audit, "--after", "nobody=1", "--beta", "1"), "no column of rewards is called 'nobody'")
    _refused(seatrial(*audit), "how strong is the KL penalty")
    _refused(seatrial("rewards", "forecast", table, *MIXES[:4], "--beta", "inf"), "a number with an end")
    _refused(seatrial(*forecast, "--margin", "nothing=nan"), "not a finite number")
    _refused(seatrial(*forecast, "--margin", "nothing=0.1"), "the table's behaviors are")
    _refused(seatrial(*forecast, "--policy", "policy.yaml"), "none of its gates is on a behavior of the table")
    _refused(
        seatrial(*forecast, "--reviews", "file/reviews"), "file/reviews/ledger.db: cannot be written: Not a directory"
    )
    _refused(seatrial(*audit, *MIXES[2:], "--page", "none/page.html"), "page.html: cannot be written")
    _refused(seatrial("rewards", "audit", "no.parquet", "--beta", "1"), "no such file")
    _refused(seatrial("rewards", "train", "no.yaml"), "no such file")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    _refused(seatrial("rewards", "train", "plan.yaml", "--mix", "other"), "no mix is called 'other'")
    _refused(seatrial("rewards", "dose", "policy.yaml"), "has no `adapter`")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ([pl.lit(0.5).alias("reward/thumbs")], "it trains nothing"),
        ([pl.when(pl.col("use_case") == "work").then("reward/thumbs").alias("reward/thumbs")], "silent on 480 of 960"),
        ([pl.lit(float("nan")).alias("reward/thumbs")], "empty on every row"),
        ([(pl.col("reward/thumbs") * 1e6).alias("reward/thumbs")], "times as far as the others"),
        ([pl.lit("same").alias("completion")], "stand more than once"),
        ([pl.int_range(pl.len()).cast(pl.String).alias("prompt")], "every prompt has one completion"),
    ],
)
def test_columns_that_are_odd_are_named(seatrial: Command, tmp_path: Path, change: list[pl.Expr], words: str) -> None:
    """Constant, partial, empty, wild, doubled, alone: noted where the rest still stands, else refused; no traceback."""
    _table().with_columns(change).write_parquet(tmp_path / "odd.parquet")
    done = seatrial("rewards", "audit", "odd.parquet", *MIXES)
    assert done.code in (0, 2) and words in " ".join((done.out + done.err).split()) and "Traceback" not in done.err
    assert "nan" not in done.out.lower()


def test_a_constant_mix_is_refused(seatrial: Command, tmp_path: Path) -> None:
    """A present mix that ranks nothing has no influence to weaken."""
    _table().with_columns(pl.lit(0.5).alias("reward/primary")).write_parquet(tmp_path / "flat.parquet")
    _refused(seatrial("rewards", "audit", "flat.parquet", *MIXES), "it trains nothing")


@pytest.mark.embedded
def test_the_model_is_sampled_and_audited(seatrial: Command, tmp_path: Path) -> None:
    """Completions of a real model come with every signal and behavior, are not asked twice, and can be audited."""
    rows = [{"prompt": f"Is my {what} good?", "cluster": what} for what in ("poem", "song", "plan")]
    (tmp_path / "prompts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    made = seatrial("rewards", "sample", "plan.yaml", "--out", "table.parquet", "--json", "--quiet")
    assert made.code == 0 and json.loads(made.out) == {"table": "table.parquet", "completions": 9, "prompts": 3}
    frame = pl.read_parquet(tmp_path / "table.parquet")
    assert frame["completion"].n_unique() > 3 and {"reward/thumbs", "behavior/text/length"} <= set(frame.columns)
    again = seatrial("rewards", "sample", "plan.yaml", "--out", "table.parquet", "--quiet")
    assert "9 completions of 3 prompts" in again.out and pl.read_parquet(tmp_path / "table.parquet").equals(frame)
    said = seatrial("rewards", "audit", "table.parquet", "--plan", "plan.yaml")
    assert said.code == 0 and "9 completions of 3 prompts" in said.out, said.err
    (tmp_path / "cold.yaml").write_text(PLAN.replace("temperature: 1.0", "temperature: 0.0"), encoding="utf-8")
    _refused(seatrial("rewards", "sample", "cold.yaml", "--out", "c.parquet"), "every completion of a prompt")


def _adapter(path: Path, size: float) -> None:
    """Write a random adapter on the last layer's way out."""
    import gguf

    rng = np.random.default_rng(0)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 4.0)
    writer.add_tensor("blk.29.ffn_down.weight.lora_a", rng.normal(size=(4, 1536)).astype(np.float32) / 40)
    writer.add_tensor("blk.29.ffn_down.weight.lora_b", (size * rng.normal(size=(576, 4))).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.embedded
def test_doses_are_reviewed_and_dose_zero_is_the_baseline(seatrial: Command, tmp_path: Path) -> None:
    """Each dose is a review: at 0 nothing differs, at 1 a random adapter does harm; the table and the page say so."""
    _adapter(tmp_path / "adapter.gguf", 30.0)
    (tmp_path / "dose.yaml").write_text(
        "name: doses\nbaseline: {model: embedded/smollm2-135m}\n"
        "candidate: {model: embedded/smollm2-135m, adapter: adapter.gguf}\nbudget: {calls: 24}\n"
        "gates:\n  - {signal: benchmark/facts, margin: 0.1}\n",
        encoding="utf-8",
    )
    command = ("rewards", "dose", "dose.yaml", "--dose", "0", "--dose", "1", "--out", "doses", "--quiet")
    found = json.loads(seatrial(*command, "--json").out)
    zero, one = (step["verdict"]["evidence"]["estimate"] for step in found["curves"][0]["steps"])
    assert abs(zero) < 0.1 < one and not found["curves"][0]["alarm"]
    said = seatrial(*command)
    assert said.code == 0 and "No alarm at dose 0." in said.out
    assert "benchmark/facts" in (tmp_path / "doses" / "doses.html").read_text(encoding="utf-8")
    _refused(seatrial("rewards", "dose", "dose.yaml", "--dose", "2"), "from 0 to 1")
