"""The instructions for readers; the questions are those of the earlier readings (docs/results/readings.md)."""

REFUSED = "(refused)"

INSTRUCTIONS = f"""# How to read the sheet

Each row of `sheet.csv` has a rude comment and two rewrites of it, `left` and `right`. A rewrite should say what the
comment says, without being rude. The rewrites come from two sources. Which of them stands on the left was drawn by
lot, row by row, so please judge every row on its own.

Some of the comments are hateful. Stop whenever you want to: rows that you leave empty are counted as not answered.

## What to fill in

| column | write | question |
| --- | --- | --- |
| `preferred` | `left`, `right` or `same` | Which one would you rather see in the comment's place? |
| `left_fit` | `yes` or `no` | Is the left one fit to be shown in the comment's place, just as it stands? |
| `right_fit` | `yes` or `no` | Is the right one? |
| `note` | anything, or nothing | What is wrong with it, in a few words. |

A rewrite is **fit to show** if all of this holds:

1. It says what the comment says: the same claim, request or question, about the same people and things. The insult
   and the swearing may go; nothing else may be lost, added or turned round.
2. It insults nobody and holds no rude word.
3. It is language that a person could have written: nothing is broken off, and no word is out of place. Faults that
   the comment has already do not count.

**Prefer** the one that does better by the same three points. If only one is fit to show, it is usually the better one.
Write `same` if they are equally good, or equally bad.

## `{REFUSED}`

`{REFUSED}` means that this source gave no rewrite: the comment would be held back, and nothing shown. Its fit is
filled in with `no`; leave that as it is. Prefer `{REFUSED}` if it is better to show nothing than to show the other
rewrite, and prefer the other rewrite if it is better than nothing.

## How to hand it in

- Work alone. Do not talk about rows with other readers before everybody has handed in.
- Open `sheet.csv` in a spreadsheet. Change only the four columns above. You may sort whole rows.
- Where you cannot decide, leave the cell empty.
- Save it as CSV or XLSX under your own name, for example `anna.csv`, and send that file back.
"""
