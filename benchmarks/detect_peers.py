"""The contenders of the change-point benchmark, and what each is."""

from __future__ import annotations

from functools import partial

from benchmarks import detect_peers_beast as beast
from benchmarks import detect_peers_nrt as nrt
from benchmarks import detect_peers_pycold as pycold
from benchmarks import detect_peers_ruptures as ruptures
from benchmarks.changepoint_oracle import oracle
from benchmarks.detect_peers_common import Method

ORACLE = Method(
    "everything known but the date",
    oracle,
    "signal, law of the noise, outliers, size and length of the change are given; no method can do better",
    bands=(1, 6),
    limit=2000,
)

PEERS = (
    Method(
        "Rbeast, tuned",
        beast.tuned,
        "three chains of 5000 samples, outliers, at most one change of level, two harmonics",
        limit=300,
    ),
    Method("Rbeast, one chain", beast.one_chain, "one chain of 1000 samples, otherwise the same", limit=2000),
    Method(
        "ruptures KernelCPD rbf",
        ruptures.kernel,
        "robust harmonics taken off, bands made independent, one change",
        bands=(1, 6),
        limit=4000,
    ),
    Method("ruptures Binseg l1", ruptures.medians, "robust harmonics taken off, one change", limit=600),
    Method("nrt CCDC", nrt.ccdc, "learns 580 days; five looks in a row, dated to the first of them"),
    Method("nrt IQR", nrt.iqr, "learns 580 days; five looks in a row, dated to the first of them"),
    Method("nrt EWMA", nrt.ewma, "learns 580 days; dated to the look that crosses the boundary"),
    Method("nrt CuSum", partial(nrt.summed, name="CuSum"), "learns 580 days; dated to the crossing"),
    Method("nrt MoSum", partial(nrt.summed, name="MoSum"), "learns 580 days; dated to the crossing"),
    Method("S-CCD (pycold)", pycold.sccd, "six looks in a row; the strongest break", bands=(6,), limit=500),
    Method("COLD (pycold)", pycold.cold, "six looks in a row; the strongest break", bands=(6,), limit=1000),
)

NOT_RUN = (
    "bfast (Python) is not run: its set-up imports the package, and with it pandas and an OpenCL driver, before pip has "
    "installed anything.",
    "R's strucchange is not run: it is no Python package.",
)
