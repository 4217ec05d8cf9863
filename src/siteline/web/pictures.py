"""The images of a case for the page: a few threads that read, and what they made lately, in bounded memory."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from siteline.cube.stacks import stacks
from siteline.guard.files import modified
from siteline.images.opening import finest, images_folder, reader
from siteline.model.errors import BadInput, NoArea, NoScenes, shorten
from siteline.model.grid import Grid
from siteline.model.scene import ImageScene
from siteline.model.site import MARGIN_M, site_of
from siteline.web.live import Held
from siteline.web.sampling import Gains, Sample, chosen_bands, coarse, sample
from siteline.web.scenelist import can_be_drawn

if TYPE_CHECKING:
    from siteline.guard.reader import Reader
    from siteline.publish.stretch import Kind, Stretch
    from siteline.web.masks import Masked

THREADS: Final = 4
MOST_KEPT: Final = 96 * 1024 * 1024
"""Bytes of finished pictures that are kept."""

MOST_COMPARED: Final = 24
"""Scenes that one stretch is made for at a time."""

_SAMPLES: Final = 96
_MASKS: Final = 32
_PEERS: Final = 12
"""Scenes of a stack by which its own stretch is chosen, the clearest, spread over time."""

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Kept(Generic[K, T]):
    """The values used last, up to ``most`` in all by their ``size``. Thread-safe."""

    def __init__(self, most: int, size: Callable[[T], int] = lambda value: 1) -> None:
        """Hold nothing yet."""
        self._most, self._size, self._total = most, size, 0
        self._values: OrderedDict[K, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> T | None:
        """The value of ``key``, None where there is none any more."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: T) -> T:
        """Keep ``value``, and let go of what was not used for longest."""
        with self._lock:
            if (old := self._values.pop(key, None)) is not None:
                self._total -= self._size(old)
            self._values[key] = value
            self._total += self._size(value)
            while self._total > self._most and len(self._values) > 1:
                self._total -= self._size(self._values.popitem(last=False)[1])
        return value

    def clear(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._values.clear()
            self._total = 0


class Pictures:
    """What draws the scenes of the case at ``path``; use ``open`` and ``close``."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path, self._stack = path, ExitStack()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="siteline-image")
        self._reader: Reader | None = None
        self._samples: Kept[Any, Sample] = Kept(_SAMPLES)
        self._stretches: Kept[Any, Stretch] = Kept(256)
        self._masked: Kept[str, Masked] = Kept(_MASKS)
        self._copied: Any = None
        self._finished: Kept[Any, bytes] = Kept(MOST_KEPT, len)

    def open(self, needed: Callable[[], bool]) -> None:
        """Begin. ``needed`` waits until it is known whether there is anything to draw; what draws is then imported."""
        self._reader = self._stack.enter_context(reader(self._path, offline=True))
        self._pool.submit(_warm, needed)

    def close(self) -> None:
        """Finish what is under way; close every file."""
        self._pool.shutdown()
        self._stack.close()

    @property
    def finished(self) -> Kept[Any, bytes]:
        """Pictures made lately; none any more once copies were fetched beside the case, for there is more to be seen."""
        copied = modified(images_folder(self._path) / "index.sqlite")
        if copied != self._copied:
            self._copied = copied
            for kept in (self._finished, self._samples, self._stretches, self._masked):
                kept.clear()
        return self._finished

    @property
    def reader(self) -> Reader:
        """The reader of the case's images: copies and files of this machine, nothing over the network."""
        assert self._reader is not None
        return self._reader

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` gives, in one of the threads."""
        return await asyncio.wrap_future(self._pool.submit(work))

    def sample(self, held: Held, scene: ImageScene, bands: tuple[str, ...]) -> Sample:
        """The thinned look at a scene."""
        key = (scene.scene_id, bands)
        known = self._samples.get(key)
        if known is None:
            known = sample(scene, bands, coarse(area_of(held, scene), scene.gsd_m), self.reader)
            if not known.why:
                self._samples.put(key, known)
        return known

    def masked(self, held: Held, scene: ImageScene) -> Masked:
        """What the masks of a scene mark over the site. Raises ``ReadFailed``."""
        from siteline.web.masks import SIDE, masked

        known = self._masked.get(scene.scene_id)
        return known or self._masked.put(
            scene.scene_id, masked(scene, coarse(area_of(held, scene), scene.gsd_m, SIDE), self.reader)
        )

    def gains(self, held: Held, scene: ImageScene, bands: tuple[str, ...]) -> Gains:
        """How the numbers of a scene are read."""
        return self.sample(held, scene, bands).gains

    def joint(self, held: Held, scenes: Sequence[ImageScene], bands: tuple[str, ...]) -> Stretch:
        """The one stretch of ``scenes`` (2nd to 98th percentile of usable pixels over the site)."""
        from siteline.publish.stretch import common

        key = (tuple(sorted(scene.scene_id for scene in scenes)), bands)
        known = self._stretches.get(key)
        if known is not None:
            return known
        samples = [self.sample(held, scene, bands) for scene in scenes]
        first = scenes[0]
        made = common(kind_of(first, bands), bands, [look.values for look in samples], first.quantity)
        return made if any(look.why for look in samples) else self._stretches.put(key, made)

    def usual(self, held: Held, scene: ImageScene, bands: tuple[str, ...]) -> Stretch:
        """The stretch of the scene's whole stack, so that all its scenes and chips can be compared."""
        drawn = [held.images[s.scene_id] for s in held.found if can_be_drawn(s, held.images[s.scene_id])]
        peers = next((members for members in stacks(drawn).values() if scene in members), [scene])
        same = [peer for peer in peers if all(peer.bands(bands)) and peer.quantity == scene.quantity]
        share = {key: part for key, (part, _) in held.shares.items()}
        clearest = sorted(same, key=lambda peer: (-share.get(peer.scene_id, 0.5), peer.cloud_percent or 0.0))
        clearest = sorted(clearest[: 4 * _PEERS], key=lambda peer: peer.when.first_day)
        step = max(1, len(clearest) // _PEERS)
        return self.joint(held, clearest[::step][:_PEERS] or [scene], bands)


def image_of(held: Held, scene_id: str) -> ImageScene:
    """The scene ``scene_id`` with pixels that may be drawn. Raises ``NoScenes``."""
    found = next((scene for scene in held.found if scene.scene_id == scene_id), None)
    if found is None or not can_be_drawn(found, held.images[scene_id]):
        raise NoScenes(f"the case has no pixels of a scene {shorten(scene_id)!r}; siteline find and fetch bring some")
    return held.images[scene_id]


def images_of(held: Held, names: Sequence[str]) -> list[ImageScene]:
    """The scenes named, of one kind. Raises ``NoScenes``, ``BadInput``."""
    if not 1 <= len(names) <= MOST_COMPARED:
        raise BadInput(f"name 1 to {MOST_COMPARED} scenes, joined by commas")
    images = [image_of(held, name) for name in names]
    if len({image.sensor for image in images}) > 1:
        raise BadInput("radar and optical scenes have no stretch in common; ask for each alone")
    return images


def kind_of(scene: ImageScene, bands: tuple[str, ...]) -> Kind:
    """What a picture of these bands is."""
    if scene.sensor == "radar":
        return "radar"
    return "grey" if len(bands) == 1 else "natural" if bands == ("red", "green", "blue") else "false"


def area_of(held: Held, scene: ImageScene) -> str:
    """The site's area (WKT), else the scene's own. Raises ``NoArea``."""
    try:
        return site_of(held.data).area_wkt
    except NoArea:
        if scene.footprint_wkt:
            return scene.footprint_wkt
        raise


def site_grid(held: Held, scene: ImageScene) -> Grid:
    """What copies of remote files cover: the site with its margin. Raises ``NoArea``."""
    from siteline.model.site import grid_over

    return grid_over(area_of(held, scene), finest([scene]), MARGIN_M)


def bands_asked(scene: ImageScene, text: str) -> tuple[str, ...]:
    """The bands of a request, joined by commas; the usual ones where it names none. Raises ``BadInput``."""
    return chosen_bands(scene, tuple(filter(None, (name.strip() for name in text.split(",")))))


def png(values: NDArray[np.float32], stretch: Stretch) -> bytes:
    """``values``, Float32[band, y, x], as a PNG; what has no number is transparent."""
    from PIL import Image

    shown = np.isfinite(values).all(axis=0)
    colours = stretch.colours(values)
    rgba = np.dstack([colours, np.where(shown, 255, 0).astype(np.uint8)])
    rgba[~shown] = 0
    held = BytesIO()
    Image.fromarray(rgba, "RGBA").save(held, "PNG", compress_level=1)
    return held.getvalue()


def _warm(needed: Callable[[], bool]) -> None:
    if not needed():
        return
    import PIL.Image  # noqa: F401

    from siteline.web.windows import tiler

    tiler()
