"""One plot: events a second of each contestant, a panel for each way of drawing users, on a logarithmic scale."""
import math
from html import escape

COLOURS = ["#0b6e4f", "#8fc1a9", "#c8553d", "#33658a", "#222222", "#999999"]
WIDTH, PANEL, LEFT, TOP, GAP = 960, 260, 84, 60, 60


def svg(results):
    names = list(results[0]["contestants"])
    draws = list(dict.fromkeys(result["users"] for result in results))
    rates = [did["events_per_s"] for result in results for did in result["contestants"].values()]
    low, high = math.floor(math.log10(min(rates)) - 0.1), math.ceil(math.log10(max(rates)))
    height = TOP + len(draws) * (PANEL + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>', *legend(names)]
    for number, drawn in enumerate(draws):
        panel = [result for result in results if result["users"] == drawn]
        parts += panel_of(panel, names, TOP + number * (PANEL + GAP), low, high, f"durable events/s, users drawn {drawn}")
    return "\n".join(parts + ["</svg>", ""])


def legend(names):
    step = (WIDTH - 20) / len(names)
    for number, name in enumerate(names):
        x = 20 + number * step
        yield f'<rect x="{x:.0f}" y="14" width="12" height="12" fill="{COLOURS[number % len(COLOURS)]}"/>'
        yield f'<text x="{x + 17:.0f}" y="24">{escape(name)}</text>'


def panel_of(panel, names, top, low, high, title):
    def y(rate):
        return top + PANEL - (math.log10(rate) - low) / (high - low) * PANEL
    yield f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{title}</text>'
    for power in range(low, high + 1):
        yield f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y(10 ** power):.1f}" y2="{y(10 ** power):.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y(10 ** power) + 4:.1f}" text-anchor="end">{10 ** power:,}</text>'
    step = (WIDTH - 10 - LEFT) / len(panel)
    bar = step * 0.85 / len(names)
    for place, result in enumerate(panel):
        x = LEFT + place * step
        for number, name in enumerate(names):
            rate = result["contestants"][name]["events_per_s"]
            yield (f'<rect x="{x + number * bar:.1f}" y="{y(rate):.1f}" width="{bar - 1:.1f}" '
                   f'height="{top + PANEL - y(rate):.1f}" fill="{COLOURS[number % len(COLOURS)]}">'
                   f'<title>{escape(name)}: {rate:,.0f}</title></rect>')
        label = f"{result['in_flight']} in flight" + (f" of {result['batch']}" if result["batch"] > 1 else "")
        yield f'<text x="{x + step * 0.42:.1f}" y="{top + PANEL + 16}" text-anchor="middle">{label}</text>'
