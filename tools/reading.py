"""A stored notebook as a page that needs no kernel: prose, equations, code, pictures, results.

A file of markdown becomes a page, too.
"""

import base64
import io
import re
from html import escape, unescape
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image


class Page:
    """What the templates need of one notebook, or of a file of markdown, which is one cell.

    path: its path below notebooks/, such as "zh/03_gates.ipynb"; name: the same without its ending.
    title, number: its first heading and the number before it, if there is one.
    cells: dicts with `kind` ("text" or "code") and `html`; code also has `outputs`.
    pictures: file name -> PNG bytes, for the folder beside the page.
    """

    def __init__(self, path: Path, folder: Path):
        self.path = path.relative_to(folder).as_posix()
        self.name = path.relative_to(folder).with_suffix("").as_posix()
        self.language = "zh" if self.name.startswith("zh/") else "en"
        self.up = "../" * (self.name.count("/") + 1)  # from the page to the site's front
        self.pictures = {}
        cells = _cells(path)
        self.opening = cells[0].source
        self.number, _, self.title = (
            self.opening.split("\n")[0].removeprefix("# ").rpartition(" · ")
        )
        self.cells = [self._cell(cell) for cell in cells if cell.source.strip()]
        prose = "".join(cell["html"] for cell in self.cells if cell["kind"] == "text")
        headings = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', prose, re.S)
        self.sections = [(unescape(anchor), words) for anchor, words in headings]

    @property
    def file(self):
        return f"{Path(self.name).name}.html"

    def _cell(self, cell):
        if cell.cell_type == "markdown":
            here = f'<a id="cell-id={cell.id}"></a>'  # as JupyterLab calls a cell in a link
            html = re.sub(r"(?=<h\d )", here, text(cell.source), count=1)
            return {"kind": "text", "html": html}
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden")  # it holds the answers
        return {
            "kind": "code",
            "html": "" if hidden else _in_reach(_HIGHLIGHT(cell.source)),
            "outputs": [self._output(output) for output in cell.outputs],
        }

    def _output(self, output):
        """{"text": ...} for what was printed, {"picture": file, "alt", "size"} for pictures."""
        if output.output_type == "stream":
            return {"text": strip_ansi(output.text)}
        if "image/png" not in output.data:
            return {"text": strip_ansi(output.data["text/plain"])}
        png = base64.b64decode(output.data["image/png"])
        file = f"{Path(self.name).name}-{len(self.pictures) + 1}.png"
        self.pictures[file] = png
        words = output.data["text/plain"]
        return {
            "picture": file,
            "alt": output.metadata["image/png"]["alt"],
            "live": words.startswith("Explorer "),
            "size": Image.open(io.BytesIO(png)).size,
        }


class Lesson(Page):
    """What the front page needs of a notebook besides.

    promise, time: what the opening says under its first and its third bold word.
    """

    def __init__(self, path: Path, folder: Path):
        super().__init__(path, folder)
        bold = re.findall(r"^\*\*(.+?)\*\*\s*(.+)$", self.opening, re.M)
        (self.promise_label, promise), _, (self.time_label, time) = bold[:3]
        self.promise, self.time = (
            text(words)[len("<p>") : -len("</p>\n")] for words in (promise, time)
        )

    @property
    def face(self):
        """The picture that stands for this page, from read/ on: that of its first explorer."""
        outputs = [output for cell in self.cells for output in cell.get("outputs", ())]
        pictures = [output for output in outputs if "picture" in output]
        first = next((output for output in pictures if output["live"]), pictures[0])
        return (Path(self.name).parent / "pictures" / first["picture"]).as_posix()


def _cells(path):
    if path.suffix == ".md":
        return [nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"), id=path.stem)]
    return nbformat.read(path, as_version=4).cells


def text(source: str) -> str:
    """Markdown with equations as HTML; equations become MathML, links lead to pages."""
    return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)


_HIGHLIGHT = Highlight2HTML(pygments_lexer="ipython3")


def _in_reach(code):
    """Long lines scroll; so that keys can do it too, the keyboard must be able to get there."""
    return code.replace("<pre>", '<pre tabindex="0">')


class _Renderer(IPythonRenderer):
    def heading(self, text, level, **attrs):
        plain = unescape(re.sub(r"<[^>]+>", "", text))
        return f'<h{level} id="{escape(plain.replace(" ", "-"))}">{text}</h{level}>\n'

    def block_code(self, code, info=None):
        return _in_reach(super().block_code(code, info))

    def link(self, text, url, title=None):
        return super().link(text, re.sub(r"^([\w./-]+)\.(ipynb|md)(?=$|#)", r"\1.html", url), title)

    def table(self, text):
        return f'<div class="wide" tabindex="0"><table>\n{text}</table></div>\n'

    def table_cell(self, text, align=None, head=False):
        words = re.sub(r"<math\b.*?</math>", "", text, flags=re.S)  # an equation is none
        tag = "th" if head and words.strip() else "td"  # a heading without words heads nothing
        side = f' style="text-align:{align}"' if align else ""
        return f"<{tag}{side}>{text}</{tag}>\n"

    def inline_math(self, body):
        return mathml(body)

    def block_math(self, body):
        body, _, number = body.partition(r"\tag{")
        number, _, rest = number.partition("}")
        label = f"<span>({number})</span>" if number else ""
        return f'<span class="equation" tabindex="0">{mathml(body + rest, "block")}{label}</span>'

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


def mathml(tex: str, display: str = "inline") -> str:
    """An equation as MathML, which browsers draw and read aloud by themselves."""
    tex = re.sub(r"\\texttt\{[^}]*\}", lambda m: m[0].replace(r"\_", "_"), tex)
    # colours are the pictures'; the style sheet makes them dark or light enough to be read
    return re.sub(
        'mathcolor="([^"]+)"',
        r'class="hue" style="--hue: \1"',
        convert(tex.strip(), display=display),
    )
