"""What pyproject.toml cannot say: which modules the wheel holds."""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class WithoutTests(build_py):
    """Leaves out the tests of the builders, and what only they import."""

    def find_package_modules(self, package, package_dir):
        return [
            module
            for module in super().find_package_modules(package, package_dir)
            if not module[1].endswith("_test")
            and module[1] != "dummy_data_generation"
        ]


packages = find_packages(include=["keras_relcon*", "tfds_builders*"])
setup(
    packages=[*packages, "keras_relcon.examples"],
    package_dir={"keras_relcon.examples": "examples"},
    cmdclass={"build_py": WithoutTests},
)
