"""The words of docs/benchmarks/dating.md; the figures come from ``dating_page``."""

INTRO = """
# Dating, measured on the SMART annotations

    SITELINE_DATA=<folder that holds smart/> make bench-dating

writes this page (`python -m benchmarks.dating`, seeded). The data are the heavy-construction annotations of the IARPA
SMART programme (JHU/APL, MIT licence): {sites} sites, {looks} looks by people, each with a phase.
"""

GOLDEN = """
## 1. The programme's own dates

For the {golden} annotated sites of `golden/*/gt_sites.csv` the five columns follow from the looks ({dates} dates compared):

- *earliest start*: last look with no activity in any part, before the first look with activity; the first look where there
  is none;
- *latest start*, and the same day again as *start of activity*: first look with activity in a part. `Unknown` tells nothing;
- *end of activity*: first look with every part in Post Construction, after the last look that showed otherwise;
- *end date*: last look;
- each is clipped to the region's period, here 2014-01-01 to 2021-08-31, both included.

The column *first observation* is not explained by this (it differs where a record begins before the period) and is not used.

{differing}
"""

THINNING = """
## 2. Dates from thinned records

50, 20 or 5 % of each site's looks are kept (at least two, three seeds), onset and completion are dated from the rest, and
the answer is held against the full record's bracket, taken as uniform. {skipped} changes whose full bracket is open cannot
be scored. Rates are learned on four fifths of the regions and scored on the others. "Uniform" spreads evenly over the
thinned gap. How far a missing side reaches decides that baseline, so two readings are given. The first is the programme's
period, 2014-01-01 to 2021-08-31, to which its own dates are clipped (part 1), widened to hold all looks of the region. The
second, strict one is the site's own `start_date` to `end_date` in `sites.csv`: the first and last look of the unthinned
record, placed by people who knew the answer. There all methods are told them, and are learned anew with them.

Beside it stands the simple peer (`benchmarks.dating_peer`): a three-state Markov chain with constant rates and no label
noise, on the same thinned records, learned on the same regions.

Method (`siteline.dating.learned`): over the cells of a gap a log-linear density whose terms are log distances to the looks
of the other phases (durations), the spacing of looks beside the gap, the looks inside it that told nothing, and the
calendar; fitted by penalised likelihood per change and kind of gap. The central interval's level is learned so that it
holds 90 % of the truth on regions that the weights behind it did not see (three parts of those learned from).

Label noise is learned, not assumed: {against} of {telling} statements
contradict an earlier one.
"""

AFTER_THINNING = """
Which reading the targets were set on is not stated. Known beforehand was that a three-state Markov chain without label noise
reaches .97/.91/.90 in closed gaps and .78 where a side is missing. On the first reading the chain here does better than .78,
on the strict one worse, so the reading meant lies between the two and we do not know it. Where a side is missing the target
of .70 is met on the first reading and missed on the strict one at every level. There every method has been told where the
annotators began or stopped looking, which is probably close to the change, so that little is left to learn (not tested by
itself). With half the looks kept and a side missing, the share inside is .878 on the first reading, .002 below its band.

Tried for the interval's level, learned on the fitted sites themselves: two groups by number of looks (.886 closed, .885
open at 50 %, in a smaller trial run with other folds), three groups (.884, .881). Kept: three groups, learned across
regions. The ridge was set once and not tuned.

What this rests on, and where it may fail elsewhere: the annotators chose which looks to label after seeing the record, with
more of them near changes, and `Unknown` mostly stands between two phases. The density learns those habits. `Unknown`
looks carry little of it: the check without them scores about the same. A ledger kept by other habits needs learning
anew. The share inside is an
average over sites; single regions depart from it as listed.

## 3. Will it be finished?

At 180, 365 and 730 days after onset (the middle of its bracket), for sites not yet complete: the probability of completion
within 6, 12 and 24 months, learned on other regions, from looks up to that day only. An end inside a bracket counts as a
probability. Sites whose looks end before the horizon tell nothing and are left out; the others are weighted up by the
inverse probability of still being looked at, estimated without the held-out regions. Climatology's scores so
differ from the .18/.25/.20 known from before; how those were computed is not known, so only methods within this table
compare.

*climatology*: the frequency in the regions learned from. *durations*: Turnbull's estimate, conditional on the time elapsed.
*regression*: ridge logistic on the last phase and the time in it, time since the last telling look, number of looks in the
last 180 days, and year.
"""

AFTER_FORECAST = """
Durations alone say what climatology says, since at a given time since onset they are the same frequency. What helps is the
phase last seen and how long it has lasted, and the year. The year may carry a selection: if a site is annotated mostly
when its
end fell inside the programme's period, late starters that are in the file ended soon. No run without the year was made.
The spacing of looks was chosen by
people who knew the outcome. A live watch has neither advantage, and should expect less than this.
"""
