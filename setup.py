"Packaging from settings.ini, which nbdev reads too."
from configparser import ConfigParser
from pathlib import Path
from shutil import copy2

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent
settings = ConfigParser(delimiters=['='])
settings.read(here/'settings.ini', encoding='utf-8')
cfg = settings['DEFAULT']


class BuildWithNotebooks(build_py):
    "An installed package runs the stage notebooks too, so a wheel carries them as `llmr/notebooks`."
    def run(self):
        super().run()
        if self.editable_mode: return
        folder = Path(self.build_lib)/cfg['lib_path']/'notebooks'
        folder.mkdir(parents=True, exist_ok=True)
        for notebook in sorted((here/cfg['nbs_path']).glob('[0-9][0-9]*_*.ipynb')): copy2(notebook, folder)


extras = {key.removesuffix('_requirements'): cfg[key].split() for key in cfg if key.endswith('_requirements')}
setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'], keywords=cfg['keywords'],
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'], license='Apache-2.0',
    long_description=(here/'README.md').read_text(encoding='utf-8') if (here/'README.md').exists() else '',
    long_description_content_type='text/markdown', python_requires=f">={cfg['min_python']}",
    packages=find_packages(include=[cfg['lib_path'], f"{cfg['lib_path']}.*"]),
    package_data={cfg['lib_path']: ['py.typed', 'data/**/*']},
    install_requires=cfg['requirements'].split(), extras_require=extras, cmdclass={'build_py': BuildWithNotebooks},
    entry_points={'console_scripts': cfg['console_scripts'].split(),
                  'nbdev': [f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"]},
    classifiers=['Programming Language :: Python :: 3', 'License :: OSI Approved :: Apache Software License',
                 'Typing :: Typed'],
    zip_safe=False)
