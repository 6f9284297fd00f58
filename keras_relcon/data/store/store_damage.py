"""Says what is damaged in a store."""

import warnings


def report_damage(path, catalog, problems, damaged, on_error):
    """Raises on damage, or warns of it if what is left can be read."""
    if not (problems or damaged):
        return
    recordings = catalog["recordings"]
    found = [
        f"recording {recordings[index]['recording']!r} of subject "
        f"{recordings[index]['subject']!r}: {damaged[index]}"
        for index in sorted(damaged)[:10]
    ]
    more = len(damaged) - len(found)
    found += [f"{more} more recordings"] * (more > 0) + problems
    summary = "; ".join(found)
    if damaged:
        summary = (
            f"{len(damaged)} of {len(recordings)} recordings are damaged "
            f"({summary})"
        )
    if on_error == "skip" and len(damaged) < len(recordings):
        left_out = " and are left out" if damaged else "; no recording is lost"
        warnings.warn(f"{path!r}: {summary}{left_out}.", stacklevel=4)
        return
    raise OSError(
        f"Every byte of a store must be intact. Received: {path!r}, where "
        f'{summary}. Read the rest with `WindowStore.open(path, on_error="skip'
        '")`, or make the store again.'
    )
