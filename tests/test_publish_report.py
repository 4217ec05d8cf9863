"""The report: self-contained, escaped, linked, the same bytes each time, and honest when there is little to say."""

import hashlib
import json
import os
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import as_file, files
from pathlib import Path

import pytest
import typst

from siteline.model.dated import Dating
from siteline.model.errors import FileTrouble
from siteline.model.weighed import Weighing
from siteline.publish.anchors import anchor, web_address
from siteline.publish.glyphs import LONGEST, UnprintableText, clean, face, printable
from siteline.publish.look import LIGHT
from siteline.publish.paper import pdf_figures
from siteline.publish.prepare import prepare
from siteline.publish.report import render, write_report
from test_publish_case import NASTY, empty_case, small_case

VOID = {"meta", "br", "col", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements, attributes and visible text of a page; ``unclosed`` is empty when every element is closed."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.links, self.open, self.problems = Counter(), [], [], [], []
        self.attributes, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, k, v) for k, v in attrs]
        values = dict(attrs)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


@pytest.fixture(scope="module")
def small():
    return render(*small_case())


@pytest.fixture(scope="module")
def page(small):
    return Page(small[0])


def test_the_page_is_well_formed_and_every_link_inside_it_leads_somewhere(page):
    assert not page.problems and not page.open
    assert not [i for i, n in Counter(page.ids).items() if n > 1]
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner and inner <= set(page.ids)


def test_every_finding_links_to_its_observations_and_their_sources(page):
    for key in (anchor("o", "o2"), anchor("o", "o4"), anchor("d", "s1")):
        assert f"#{key}" in page.links


def test_the_page_asks_for_nothing_from_outside(small, page):
    assert not any(page.tags[t] for t in ("script", "link", "img", "iframe", "object", "embed", "base", "form"))
    assert not [
        a for a in page.attributes if a[1] in ("src", "srcset", "action", "data", "background") or a[1].startswith("on")
    ]
    style = small[0].split("<style>")[1].split("</style>")[0]
    assert style.count("url(") == style.count("url(data:") and "@import" not in style
    outside = [link for link in page.links if not link.startswith("#")]
    assert set(outside) == {"https://example.org/a?b=1&c=2", "http://example.org/3"}


def test_text_from_data_is_text(small, page):
    assert page.tags["script"] == 0 and NASTY in page.text
    assert "<script" not in small[0] and "javascript:alert(1)" in page.text


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://a.example/x", True),
        ("HTTP://A.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//a.example", False),
        ("http://", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(url, good):
    assert (web_address(url) is not None) == good


def test_anchors_are_safe_and_never_collide():
    ids = ["a b", "a.20.b", "a_b", "a-b", "ä", '"><', "a b "]
    made = [anchor("o", i) for i in ids]
    assert len(set(made)) == len(ids)
    assert all(c.isascii() and (c.isalnum() or c in "._-") for a in made for c in a)


def test_the_report_says_what_the_case_holds(page):
    for words in (
        "These images alone cannot say whether that was before or after the second summit",
        "goes further than the evidence",
        "Never observed",
        "none could tell the state",
        "this is no verdict on intentions",
        "16 Feb 2019",
        "after it: ",
    ):
        assert words in page.text, words


def test_claims_that_go_too_far_come_first(page):
    claims = page.text[page.text.index("What was claimed") :]
    assert claims.index("c1 ·") < claims.index("c2 ·")


def test_the_same_case_gives_the_same_bytes_in_another_process(small):
    code = (
        "import hashlib; from test_publish_case import small_case; from siteline.publish.report import render;"
        "h, p = render(*small_case()); print(hashlib.sha256(h.encode()).hexdigest(), hashlib.sha256(p).hexdigest())"
    )
    expected = [hashlib.sha256(small[0].encode()).hexdigest(), hashlib.sha256(small[1]).hexdigest()]
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent), "TZ": "Asia/Seoul"}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.split() == expected


def test_the_pdf_is_a_pdf_with_its_fonts(small):
    assert small[1].startswith(b"%PDF-") and b"%%EOF" in small[1][-32:]
    for family in (b"FiraSans", b"Newsreader"):
        assert family in small[1].replace(b" ", b"")


def test_headings_of_the_pdf_hold_their_title_and_no_text():
    view = prepare(*small_case(), pdf_figures)
    root = files("siteline.publish")
    shown = {**view, "missing": 0, "colours": dict(LIGHT)}
    with as_file(root.joinpath("templates")) as templates:
        found = typst.query(
            templates / "report.typ",
            "heading",
            field="body",
            root=templates,
            sys_inputs={"view": json.dumps(shown)},
        )
    headings = [json.dumps(body) for body in json.loads(found)]
    for text in view["method"]["texts"]:
        assert sum(text["title"] in heading for heading in headings) == 1
        assert not [heading for heading in headings if text["text"][:40] in heading]


def test_scripts_the_fonts_lack_are_said_not_boxed(tmp_path):
    korean = "동창리 서해위성발사장"
    case = small_case("Hall " + korean)
    with pytest.warns(UnprintableText, match="code points"):
        html, _ = write_report(*case, tmp_path)
    assert korean in html.read_text("utf-8")
    shown, missing = printable(korean)
    assert missing == len(korean.replace(" ", "")) and "U+B3D9" in shown
    assert all(ord(c) in face("FiraSans-Regular").advances for c in shown)


def test_direction_overrides_and_control_characters_go_and_long_texts_are_cut():
    assert clean("a\u202eb\u2067c\x00d") == "abc\ufffdd"
    long = clean("x" * 1_000_000)
    assert len(long) < LONGEST + 100 and "1,000,000 characters" in long


def test_a_megabyte_of_text_and_right_to_left_names_do_no_harm(small):
    data, dating, weighing = small_case("שלום " + "y" * 1_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnprintableText)
        text, paper = render(data, dating, weighing)
    assert "שלום" in text and len(text) < 2 * len(small[0]) and paper.startswith(b"%PDF-")


def test_an_empty_case_still_gives_a_report_that_says_so(tmp_path):
    html, pdf = write_report(*empty_case(), tmp_path / "new" / "folder")
    page = Page(html.read_text("utf-8"))
    assert "no observations yet" in page.text and not page.problems
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_all_obscured_still_gives_a_report_that_says_so(tmp_path):
    data, dating, _ = small_case("Hall")
    only = replace(data, settings=replace(data.settings, key_structures=("gate",)))
    gate = Dating({"gate": dating.histories["gate"]})
    html, _ = write_report(only, gate, Weighing((), (), (), None, ()), tmp_path)
    assert "none could tell the state" in Page(html.read_text("utf-8")).text


def test_a_new_report_replaces_the_old_one_and_leaves_nothing_else(tmp_path):
    write_report(*empty_case(), tmp_path)
    write_report(*small_case(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.pdf"]
    assert (tmp_path / "report.html").read_text("utf-8") == render(*small_case())[0]


def test_a_folder_that_cannot_be_written_is_file_trouble(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileTrouble):
        write_report(*empty_case(), tmp_path / "file")
    (tmp_path / "taken" / "report.html").mkdir(parents=True)
    with pytest.raises(FileTrouble):
        write_report(*empty_case(), tmp_path / "taken")
    assert [p.name for p in (tmp_path / "taken").iterdir()] == ["report.html"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_file_trouble(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileTrouble, match="permission"):
        write_report(*empty_case(), tmp_path)
    tmp_path.chmod(0o700)
