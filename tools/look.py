"""Run a notebook in a real JupyterLab and save screenshots: python tools/look.py NOTEBOOK.

The pages land in --out as 00.png, 01.png, ... from top to bottom.
"""

import argparse
from pathlib import Path

import lab


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/look"))
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--unrun", action="store_true", help="show it as stored, without running")
    parser.add_argument("--height", type=int, default=1500, help="of the browser's window")
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    with (
        lab.server(sorted(args.notebook.parent.glob("*.ipynb")), dark=args.dark) as served,
        lab.browser(args.width, args.height) as page,
    ):
        lab.open_notebook(page, *served, args.notebook.name)
        errors = 0 if args.unrun else lab.run_all(page)
        print(f"{errors} cells with errors")
        page.wait_for_timeout(1500)  # pictures fade in after the last message
        panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer")
        height, shown = panel.evaluate("p => [p.scrollHeight, p.clientHeight]")
        for n, top in enumerate(range(0, height, shown - 40)):
            panel.evaluate(f"p => p.scrollTo(0, {top})")
            page.wait_for_timeout(300)
            panel.screenshot(path=args.out / f"{n:02d}.png")
        print(f"{n + 1} pictures in {args.out}")


if __name__ == "__main__":
    main()
