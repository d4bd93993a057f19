"""Letters by their kind."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import PolicyError
from seatrial.formats.letters import slug, unread, wide, without
from seatrial.policy import load_policy


@given(st.text(st.characters() | st.sampled_from("\n\t\u200b\u202e\ufeff\x00")))
def test_letters_of_a_category_go_and_all_others_stay(text: str) -> None:
    """As one by one; what is named stays."""
    plain = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf"))
    assert without(text, ("Cc", "Cf")) == plain
    kept = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf"))
    assert without(text, ("Cc", "Cf"), but="\n") == kept


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_usual_encoding_that_is_none_of_ours_is_named(code: str, tmp_path: Path) -> None:
    """A policy, a suite and prompts that a program saved as UTF-16 are refused with that word, not with a byte."""
    content = "name: größer".encode(code)
    assert wide(content)
    with pytest.raises(UnicodeDecodeError) as wrong:
        content.decode()
    assert unread(Path("policy.yaml"), wrong.value) == "policy.yaml: UTF-16 or UTF-32 text; save it as UTF-8"
    (tmp_path / "p.yaml").write_bytes(content)
    with pytest.raises(PolicyError, match=r"p\.yaml: UTF-16 or UTF-32 text; save it as UTF-8$"):
        load_policy(tmp_path / "p.yaml")


def test_a_file_that_cannot_be_read_is_named_with_its_line() -> None:
    """Other bytes are named with their line and place; a file of the system's with its reason; UTF-8 is no UTF-16."""
    with pytest.raises(UnicodeDecodeError) as wrong:
        b"a: b\nc: \xe9t\xe9\n".decode()
    assert unread(Path("p"), wrong.value) == "p:2: not UTF-8 text (byte 8); save it as UTF-8"
    assert unread(Path("p"), PermissionError(13, "Permission denied")) == "p: cannot be read: Permission denied"
    assert not any(map(wide, (b"", b"a", "größer 模型".encode(), b"a,b\0\n" * 5)))


@pytest.mark.parametrize(("name", "folder"), [("Support assistant!", "support-assistant"), ("模型", "")])
def test_a_name_is_that_of_a_folder(name: str, folder: str) -> None:
    """In letters that every disk knows; nothing where it has none of them."""
    assert slug(name) == folder
