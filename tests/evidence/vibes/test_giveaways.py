"""Answers that say what wrote them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.evidence.vibes.giveaways import names_itself

NAMED = (
    "I am GPT-4, at your service.",
    "I'm ChatGPT, a large language model trained by OpenAI.",
    "Hello! I’m Claude.",
    "My name is Gemini and I like it.",
    "You can call me Qwen.",
    "I'm called Claude.",
    "i'm deepseek-v3",
    "I am SmolLM2.",
    "I'm an AI and have no taste.",
    "I'm just an AI, it's not within my programming.",
    "I am a large language model.",
    "I am a chatbot.",
    "As an AI, I have no feelings.",
    "As an AI language model I cannot say.",
    "as a large language model, I cannot",
    "As a language model, I like it.",
    "As an artificial intelligence, I like it.",
    "As Claude, I would rather not.",
    "As Claude I would rather not.",
    "As GPT-4o, I have no taste.",
    "As Llama 3.1, I have no taste.",
    "I was trained by OpenAI.",
    "I was created by Anthropic to be helpful.",
    "built by Meta",
    "made by Hugging Face",
    "developed by the team at Google",
    "I was trained by researchers at OpenAI.",
    "OpenAI trained me to be kind.",
    "Anthropic, who made me, would agree.",
    "My creators at Anthropic would agree.",
    "My maker is Google.",
    "I am **Claude**, and it is lovely.",
    "I am\nChatGPT.",
)
PLAIN = (
    "",
    "It has a start, and one weak line.",
    "Call me when Claude and Gemini are home.",
    "My friend Claude said so.",
    "I am aiming for a shorter poem.",
    "I'm aided by your notes.",
    "As an aide to the minister you know that.",
    "As an aim, it is too small.",
    "It was built by metalworkers in 1900.",
    "They target places such as airports, stations and schools.",
    "AI is a field of study.",
    "Google made a phone.",
    "Is OpenAI a company?",
    "I am Claudette.",
    "Your maker of coffee is broken.",
)


@pytest.mark.parametrize("text", NAMED)
def test_an_answer_that_says_what_wrote_it_is_known(text: str) -> None:
    """A model's or maker's name, or what kind of thing it is, said of oneself in any of the usual ways, is found."""
    assert names_itself(text)
    assert names_itself(f"It is a fine poem. {text.upper()} Do go on.")


@pytest.mark.parametrize("text", PLAIN)
def test_an_answer_that_only_speaks_of_models_is_shown(text: str) -> None:
    """Names of others, and words that merely begin alike, are no reason to leave a pair out."""
    assert not names_itself(text)


@given(
    st.sampled_from(["I am ", "I'm ", "I’m ", "My name is ", "call me "]),
    st.sampled_from(
        ["ChatGPT", "GPT-4", "Claude", "Gemini", "Llama", "Mistral", "Qwen2", "SmolLM", "Grok", "DeepSeek", "Copilot"]
    ),
    st.text(max_size=30),
    st.sampled_from(["", ".", ", an AI", " 3.5", "!"]),
)
def test_a_name_is_found_wherever_it_stands(opening: str, name: str, before: str, after: str) -> None:
    """Whatever stands before a sentence in which a model gives its name, and in whatever case, it is found."""
    assert names_itself(f"{before}\n{opening}{name}{after}")
    assert names_itself(f"{before} {opening.lower()}{name.lower()}{after}")
