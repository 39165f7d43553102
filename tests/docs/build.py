"""`python -m tests.docs.build` writes every generated reference page and names those that changed."""

import sys

from tests.docs.pages import PAGES, REFERENCE


def build() -> list[str]:
    """Write the pages; return the names of those that changed."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, write in PAGES.items():
        path = REFERENCE / name
        text = write()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


if __name__ == "__main__":
    changed = build()
    sys.stdout.write(f"{len(PAGES)} reference pages, {len(changed)} changed: {', '.join(changed) or 'none'}\n")
