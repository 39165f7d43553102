"""One module a step: `v<number>_<what>.py`. A step that was released is never changed; a change is a new step."""
