"""Model text as HTML: it looks as it was meant, and can do nothing."""

from __future__ import annotations

import time
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.web.safe_html import LONGEST, rendered

ALLOWED = {
    *("p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "blockquote", "hr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
VOID = {"br", "hr"}
HOSTILE = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="http://evil.test/x.png" alt="x">',
    "![x](http://evil.test/x.png)",
    "![x][1]\n\n[1]: http://evil.test/x.png",
    "[go](javascript:alert(1))",
    "[go](http://evil.test 'title')",
    "[go][1]\n\n[1]: javascript:alert(1)",
    "<http://evil.test>",
    "<javascript:alert(1)>",
    "http://evil.test/plain",
    "<a href='data:text/html,<script>alert(1)</script>'>go</a>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=//evil.test></object><embed src=//evil.test>",
    "<form action=//evil.test><input name=x><button>Keep and go on</button></form>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=//evil.test>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "<base href=//evil.test>",
    "<p style='position:fixed' class=card id=note onclick=alert(1)>hi</p>",
    "</div></section></main><h1>Not yours</h1>",
    "<textarea></textarea><title>taken</title>",
    "<!-- <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```html" onmouseover="alert(1)\n<b>\n```',
    "`</code><script>alert(1)</script>`",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "# <img src=x onerror=alert(1)>",
    "> <iframe src=//evil.test>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<b\n><script\n>alert(1)</script\n>",
    "**<script>**alert(1)",
    "\x00<script>\x00alert(1)</scr\x00ipt>",
    "<" * 500,
)


class _Elements(HTMLParser):
    """What a parser of another make finds in the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.crossed = False
        self.other: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.crossed |= not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def _is_harmless(html: str) -> bool:
    """Return whether there are only allowed elements without attributes, all closed where they were opened."""
    found = _Elements(html)
    return (
        set(found.tags) <= ALLOWED
        and not found.attributes
        and not found.other
        and not found.crossed
        and not found.open
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing(text: str) -> None:
    """No script, handler, picture, link, frame, form or style comes through, and none closes what it stands in."""
    assert _is_harmless(rendered(text))
    assert _is_harmless(rendered(f"**bold** {text}\n\n- {text}\n\n{text}"))


@given(
    st.lists(st.sampled_from([*HOSTILE, "**", "`", "\n", "\n\n", "    ", "> ", "- ", "|", '"', "'", "&"]), max_size=8)
)
def test_no_joining_of_hostile_texts_does_anything(parts: list[str]) -> None:
    """However tricks and marks of Markdown are put together, the result is as harmless."""
    assert _is_harmless(rendered("".join(parts)))


@given(st.text(max_size=200))
def test_any_text_is_harmless(text: str) -> None:
    """Whatever a model writes, halves of tags and odd characters included."""
    assert _is_harmless(rendered(text))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("two words", "<p>two words</p>"),
        ("**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>"),
        ("# One\n\n###### Six", "<h1>One</h1>\n<h6>Six</h6>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("```python\nif a < b:\n    c\n```", "<pre><code>if a &lt; b:\n    c\n</code></pre>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("one\\\ntwo", "<p>one<br>\ntwo</p>"),
        ("cd a\nls", "<p>cd a<br>\nls</p>"),
        ("---", "<hr>"),
        ("Tom & Jerry", "<p>Tom &amp; Jerry</p>"),
        ("[a word](http://x.test)", "<p>[a word](http://x.test)</p>"),
        (
            "|a|b|\n|-|-|\n|1|2|",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n"
            "<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>",
        ),
    ],
)
def test_text_looks_as_it_was_meant(text: str, html: str) -> None:
    """Emphasis, headings, lists, code, quotations and tables are shown; links stay the words that they are."""
    assert rendered(text).strip() == html


@given(st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=60))
def test_plain_words_come_through_unchanged(words: str) -> None:
    """Letters and digits of any script are shown as they are."""
    assert _Elements(rendered(words)).words.strip() == words


def _ladder(step: str, fill: str, deeper: str = "") -> str:
    """Return lines that each begin one step deeper than the one before."""
    lines: list[str] = []
    length = 0
    while length < LONGEST:
        lines.append(step * len(lines) + fill + deeper)
        length += len(lines[-1])
    return "".join(lines)[:LONGEST]


def _repeated(text: str) -> str:
    return (text * LONGEST)[:LONGEST]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        *map(_repeated, ("- a\n", "1. a\n", "> ", "> a\nb\n", "# a\n", "a\n=\n", "---\n", "a\n", "~~~\na\n", "\t- ")),
        *map(_repeated, ("*a _b ", "***a***__b__", "`a ", "[", "[a](", "[a]: b\n", "<a ", "&amp", "\\", "* - + 1) ")),
        _ladder("  ", "- a\n"),
        _ladder("`", "a"),
        ("|" + "a|" * 99 + "\n|" + "-|" * 99 + "\n" + ("|" * 99 + "\n") * 200)[:LONGEST],
    ],
    ids=lambda text: repr(text[:8]),
)
def test_the_longest_text_takes_a_moment(text: str) -> None:
    """Whatever is repeated or nested in it: about 0.2 s, and in a large busy process some times as long."""
    began = time.thread_time()
    rendered(text)
    assert time.thread_time() - began < 3.0


def test_a_longer_text_is_shown_as_it_is_written() -> None:
    """Up to the limit it is Markdown, beyond it plain, harmless all the same, and ready at once however long."""
    assert rendered("*a*".ljust(LONGEST, "b")).startswith("<p><em>a</em>")
    for hostile in HOSTILE:
        text = hostile + "b" * LONGEST
        assert rendered(text) == f"<pre>{escape(text)}</pre>"
        assert "<" not in rendered(text)[5:-6]
    began = time.thread_time()
    rendered("[a](" * 1_000_000)
    assert time.thread_time() - began < 3.0
