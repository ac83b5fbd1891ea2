"""Builds the Cython extensions and adds the bundled files; the rest is in pyproject.toml.

``pip install -e .`` puts the compiled modules beside their sources, the generated C++ under
``build/``.
"""

import os
import runpy
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py

# Fused multiply-adds differ between machines; without them a mesh is the same everywhere.
FLAGS = [] if os.name == "nt" else ["-O3", "-ffp-contract=off"]

# Every private .pyx of im2mesh/native is one extension. Paths stay relative to this file, as
# setuptools asks for.
os.chdir(Path(__file__).resolve().parent)
extensions = [
    Extension(
        f"im2mesh.native.{source.stem}",
        [source.as_posix()],
        include_dirs=[numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        extra_compile_args=FLAGS,
        language="c++",
    )
    for source in sorted(Path("im2mesh/native").glob("_[a-z]*.pyx"))
]


class BuildWithBundled(build_py):
    """Builds the package's Python part with the bundled files in ``im2mesh/_bundled``.

    Source distributions take their data files from here, too. An editable installation copies none
    and reads those of the clone.
    """

    def get_data_files_without_manifest(self):
        """Return (package, source folder, folder in the build, names) for all data files."""
        patterns = runpy.run_path("im2mesh/bundled.py")["FILES"]
        root = Path(self.build_lib, "im2mesh", "_bundled")
        bundled = [
            ("im2mesh", str(path.parent), str(root / path.parent), [path.name])
            for pattern in patterns
            for path in sorted(Path().glob(pattern))
        ]
        return [*super().get_data_files_without_manifest(), *bundled]

    _get_data_files = get_data_files_without_manifest


setup(
    cmdclass={"build_py": BuildWithBundled},
    ext_modules=cythonize(
        extensions,
        build_dir="build/cython",
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
        },
    ),
)
