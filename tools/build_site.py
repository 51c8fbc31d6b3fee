"""The series as static files that any web server can hand out: `make site` -> build/site/.

index.html is the front (index.zh.html in Chinese), read/ has every notebook as a page, and the
questions that people ask; lab/ is JupyterLab running Python in the browser (JupyterLite with the
Pyodide kernel), its files those of notebooks/. The packages that the notebooks import are loaded
when the kernel starts: those of Pyodide by name, ours and ipywidgets as wheels of this site.
Pyodide itself comes from the CDN that the kernel's release names, or from the folder in the
environment variable PYODIDE_DIST, which is copied into the site.
"""

import importlib.metadata
import importlib.resources
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jinja2
from fontTools import subset
from moving_picture import INVITATION, LABEL, START, moves
from PIL import Image
from reading import Lesson, Page

import lstm_inside

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
TEMPLATES = Path(__file__).parent / "site"
OUT = ROOT / "build" / "site"

WORDS = {
    "en": {
        "name": "LSTM from the inside",
        "promise": "Interactive notebooks that teach the long short-term memory network by letting "
        "you move a gate and see the real backward pass answer. Every curve on these pages is "
        "computed by one small, readable NumPy file, in the moment you move a slider.",
        "open": "Open it live",
        "read_first": "Read it first",
        "nothing": "Nothing to install: Python runs in this browser tab. The first start takes "
        "about half a minute.",
        "run": "Let it move",
        "stop": "Stop",
        "start": "Start here",
        "others": "Then go where you like",
        "foot": "“Open live” starts JupyterLab in this tab: run the cells with Shift + Enter, move "
        "the sliders. What you change stays in this browser. “Read” shows the same page with its "
        "pictures as they were stored. MIT licence. No cookies, no tracking.",
        "live": "Open live",
        "read": "Read",
        "move": "Move it: open this notebook live",
        "contents": "On this page",
        "neighbours": "Before and after this page",
        "invitation": INVITATION,
        "handle": LABEL,
    },
    "zh": {
        "name": "从内部理解LSTM",
        "promise": "一套可以动手的笔记本，教你看懂长短期记忆网络（LSTM）："
        "拨动一道门，真正的反向传播立刻作答。页面上的每条曲线，都由一个短小好读的NumPy文件算出，"
        "就在你移动滑块的那一刻。",
        "open": "在线运行",
        "read_first": "先读一读",
        "nothing": "什么都不用装：Python就在这个浏览器标签页里运行。第一次启动约需半分钟。",
        "run": "让它动起来",
        "stop": "停",
        "start": "从这里开始",
        "others": "然后想去哪里都行",
        "foot": "“在线运行”在这个标签页里打开JupyterLab：按Shift + Enter运行单元格，再移动滑块。"
        "你改动的东西只留在这个浏览器里。“阅读”给出同一页和存好的图。"
        "MIT许可证。不用cookie，不做跟踪。",
        "live": "在线运行",
        "read": "阅读",
        "move": "动手试试：在线打开这一页",
        "contents": "本页内容",
        "neighbours": "上一页与下一页",
        "invitation": "拨动遗忘门。它的偏置越高，每一步从单元状态里留下的就越多，梯度也回得越远。",
        "handle": "遗忘门的偏置：加上",
    },
}
FRONTS = {"en": "index.html", "zh": "index.zh.html"}
OTHER = {"en": ("zh", "中文"), "zh": ("en", "English")}
# The kernel's worker looks for a wheel from where its own script lies, three folders down.
WHEELS = "../../../../static/wheels/"
LACKING = ("comm", "ipywidgets", "anywidget", "psygnal", "typing-extensions")  # in Pyodide
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.parent.mkdir(exist_ok=True)
    build_lab()
    editions = (NOTEBOOKS, NOTEBOOKS / "zh")
    paths = [path for folder in editions for path in sorted(folder.glob("*.ipynb"))]
    pages = [Lesson(path, NOTEBOOKS) for path in paths]
    questions = [Page(folder / "questions.md", NOTEBOOKS) for folder in editions]
    write_pages(pages, questions)
    write_font(pages)
    write_front(pages, questions)
    size = sum(file.stat().st_size for file in OUT.rglob("*") if file.is_file())
    pyodide = sum(file.stat().st_size for file in (OUT / "static/pyodide").rglob("*"))
    ours, theirs = (size - pyodide) / 1e6, pyodide / 1e6
    print(f"{OUT.relative_to(ROOT)}: {ours:.1f} MB and {theirs:.1f} MB of Pyodide")


def build_lab():
    """JupyterLab in the browser, with the notebooks and every package they import."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        wheels = make_wheels(scratch / "wheels")
        packages = ["numpy", "matplotlib", "pillow", "ipython", "jedi"]
        settings = {
            "disablePyPIFallback": True,
            "loadPyodideOptions": {"packages": packages + [WHEELS + w.name for w in wheels]},
        }
        if distribution := os.environ.get("PYODIDE_DIST"):
            settings["pyodideUrl"] = "./static/pyodide/pyodide.mjs"
        config = {
            "jupyter-lite-schema-version": 0,
            "jupyter-config-data": {
                "appName": "LSTM from the inside",
                "litePluginSettings": {KERNEL: settings},
            },
        }
        (scratch / "jupyter-lite.json").write_text(json.dumps(config), encoding="utf-8")
        shutil.copy(ROOT / "settings/lstm-from-the-inside.json", scratch / "overrides.json")
        subprocess.run(
            [sys.executable, "-m", "jupyterlite_core", "build", f"--lite-dir={scratch}",
             f"--output-dir={OUT}", f"--contents={NOTEBOOKS}", "--apps=lab", "--no-sourcemaps",
             "--no-unused-shared-packages"],
            cwd=scratch, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        if distribution:
            shutil.copytree(distribution, OUT / "static/pyodide")
        shutil.copytree(scratch / "wheels", OUT / "static/wheels")


def make_wheels(folder):
    """Wheels of the series and of what Pyodide lacks, in the versions installed here."""
    shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)  # else what was there once comes too
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    lacking = [f"{name}=={importlib.metadata.version(name)}" for name in LACKING]
    subprocess.run([*pip, "wheel", "--no-deps", f"--wheel-dir={folder}", ROOT], check=True)
    pure = ["--no-deps", "--only-binary=:all:", "--platform=any", f"--dest={folder}"]
    subprocess.run([*pip, "download", *pure, *lacking], check=True)
    return sorted(folder.glob("*.whl"))


def template(name):
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    ).get_template(name)  # fmt: skip


def write_pages(pages, questions):
    """read/NAME.html for every notebook, its pictures beside it, and for the questions."""
    for asked in questions:
        edition = [page for page in pages if page.language == asked.language]
        for n, page in enumerate(edition):
            before, after = edition[n - 1] if n else None, (edition[n + 1 :] or [None])[0]
            write_page(page, pages, before, after, asked)
        write_page(asked, questions)


def write_page(page, pages, before=None, after=None, asked=None):
    """One page with its pictures, its twin among `pages`; links to the others are at its end."""
    file = OUT / "read" / f"{page.name}.html"
    pictures = file.parent / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, png in page.pictures.items():
        (pictures / name).write_bytes(png)
    html = template("read.html.j2").render(
        page=page,
        before=before,
        after=after,
        asked=asked,
        words=WORDS[page.language],
        front=page.up + FRONTS[page.language],
        twin=twin(page, pages),
    )
    file.write_text(html, encoding="utf-8")


def twin(page, pages):
    """The same page in the other language, as a link from it; None where there is none."""
    language, label = OTHER[page.language]
    for other in pages:
        if other.language == language and other.file == page.file:
            return {
                "file": f"{page.up}read/{other.name}.html",
                "language": language,
                "label": label,
            }
    return None


def write_font(pages):
    """A font for equations, STIX Two, for systems that have none: the signs that occur here.

    Browsers take a variable's letter from the block of italic letters for mathematics.
    """
    signs = {ord(sign) for page in pages for cell in page.cells for sign in cell["html"]}
    italic = {0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)}
    options = subset.Options(flavor="woff", layout_features=["*"])
    with importlib.resources.as_file(importlib.resources.files("ziamath")) as folder:
        font = subset.load_font(folder / "fonts" / "STIXTwoMath-Regular.ttf", options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=signs | italic)
    subsetter.subset(font)
    subset.save_font(font, OUT / "math.woff", options)


def write_front(pages, questions):
    """A front page for each language, and the pictures that its slider shows."""
    (OUT / "moving").mkdir()
    for asked in questions:
        lstm_inside.language(asked.language)
        write_front_page(asked.language, pages, asked)
    lstm_inside.language("en")
    for name in ("site.css", "front.js"):
        shutil.copy(TEMPLATES / name, OUT)


def write_front_page(language, pages, asked):
    """One front page, the other language's pages below; its explorer speaks as the package does."""
    shown = moves()
    files = [f"{language}{n:02d}.webp" for n in range(len(shown))]
    for name, move in zip(files, shown, strict=True):
        (OUT / "moving" / name).write_bytes(move.webp)
    other, label = OTHER[language]
    html = template("front.html.j2").render(
        language=language,
        pages=[page for page in pages if page.language == language],
        others=[page for page in pages if page.language == other],
        other_words=WORDS[other],
        asked=asked,
        moves=[
            {"file": name, "value": move.value, "caption": move.caption}
            for name, move in zip(files, shown, strict=True)
        ],
        size=Image.open(io.BytesIO(shown[0].webp)).size,
        start=START,
        words=WORDS[language],
        twin={"file": FRONTS[other], "language": other, "label": label},
    )
    (OUT / FRONTS[language]).write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main()
