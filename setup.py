"""Builds the Cython extensions; everything else about the package is in pyproject.toml.

``python setup.py build_ext --inplace`` puts the compiled modules beside their sources, the
generated C++ under ``build/``.
"""

import os
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

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

setup(
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
    )
)
