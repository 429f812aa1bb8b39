"""Write all demo files into a folder: ``python -m demo FOLDER``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from demo import phantom, samples


def main() -> None:
    """Write the phantom's CT and PET, and copies of the chosen samples."""
    folder = Path(sys.argv[1])
    for name, datasets in (("ct", phantom.chest_ct()), ("pet", phantom.chest_pet())):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, dataset in enumerate(datasets, start=1):
            (folder / name / f"{number:04}.dcm").write_bytes(phantom.encoded(dataset))
    for path in samples.sample_files():
        shutil.copyfile(path, folder / path.name)


if __name__ == "__main__":
    main()
