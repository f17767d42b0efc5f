"What the site has for programs: a Markdown twin of every page, and llms.txt, which lists them."
from notebooks import SITE, page_name


def listed(contents, made, section=''):
    "`(section, stem)` of every page, in the order of `_quarto.yml`'s sidebar."
    for entry in contents:
        if isinstance(entry, str): yield section, entry.removesuffix('.ipynb')
        elif 'section' in entry: yield from listed(entry['contents'], made, entry['section'])
        else: yield section, entry['href'].removesuffix('.ipynb')


def llms_txt(site, contents, made):
    "The text of llms.txt: what the project is, and a line for each page."
    lines, last = [f'# {site["title"]}', '', f'> {site["description"]}'], None
    for section,stem in listed(contents, made):
        if section!=last: lines += ['', f'## {section or "Start"}', '']
        said = f': {made[stem].said}' if made[stem].said else ''
        lines.append(f'- [{made[stem].title}]({SITE}/{page_name(stem)}.md){said}')
        last = section
    return '\n'.join(lines)+'\n'


def write_twins(out, site, contents, made):
    "Write the twins and llms.txt into the folder of the site."
    for stem,one in made.items(): (out/f'{page_name(stem)}.md').write_text(one.twin, encoding='utf-8')
    (out/'llms.txt').write_text(llms_txt(site, contents, made), encoding='utf-8')
