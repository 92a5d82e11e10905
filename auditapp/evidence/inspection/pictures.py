"""Pictures are drawn anew: what is kept is what is seen, and nothing else that was in the file."""

from typing import Any

from PIL import Image, ImageOps, JpegImagePlugin

from auditapp.evidence.inspection import PIXELS, Unfit

FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG"}
SEEN = ("icc_profile", "transparency")  # what bears on how a picture looks
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def redraw(source: str, target: str, ending: str) -> None:
    """Write the picture without place, time, device, comment or anything behind its end; the right way up.

    A photograph keeps its tables of quantization, so that it loses next to nothing.
    """
    try:
        with Image.open(source, formats=[FORMATS[ending]]) as picture:
            if picture.width * picture.height > PIXELS:
                raise Unfit("pixels")
            if FORMATS[ending] == "PNG" and getattr(picture, "n_frames", 1) > 1:
                raise Unfit("moving")
            how = _as_it_was(picture) if FORMATS[ending] == "JPEG" else {}
            picture.load()
            upright: Any = ImageOps.exif_transpose(picture)
            seen: dict[str, Any] = {name: picture.info[name] for name in SEEN if name in picture.info}
            upright.info = dict(seen)
            upright.save(target, FORMATS[ending], **seen, **how)
    except BOMBS as bomb:
        raise Unfit("pixels") from bomb
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, MemoryError) as damaged:
        raise Unfit("unreadable") from damaged


def _as_it_was(photograph: Any) -> dict[str, Any]:
    """How to save a photograph with the loss that it has already, and no more."""
    sampling = JpegImagePlugin.get_sampling(photograph)
    return {"qtables": photograph.quantization} | ({"subsampling": sampling} if sampling >= 0 else {})
