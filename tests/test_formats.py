"Files of evaluation tools: what is in them, against counts made by hand, and what is refused."
import gzip
import io
import json
import tarfile
import zipfile
from contextlib import nullcontext

import pyarrow as pa
import pytest
from conftest import require

from llmr.core import InputError
from llmr.files import parse, read_documents, table_rows
from llmr.formats import FORMATS, gather, summary_text
from llmr.model_names import name_of

MBPP, HUMANEVAL = 'evalplus_new_mbpp', 'evalplus_new_humaneval'
FOLDERS = {f'{MBPP} [plus: base and plus]': (MBPP, ''), f'{MBPP} [base]': (MBPP, 'evalplus-base'),
           f'{HUMANEVAL} [plus: base and plus]': (HUMANEVAL, ''), f'{HUMANEVAL} [base]': (HUMANEVAL, 'evalplus-base'),
           'evalplus_old_humaneval [plus: base and plus]': ('evalplus_old_humaneval', ''),
           'evalplus_old_humaneval [base]': ('evalplus_old_humaneval', 'evalplus-base'),
           'humaneval_results': ('humaneval_results', ''),
           'bigcodebench_hard_instruct': ('bigcodebench_hard_instruct', ''),
           'livecodebench_eval_all': ('livecodebench_eval_all', ''), 'terminalbench_goose': ('terminalbench_goose', ''),
           'harbor_terminalbench2_predev': ('harbor_terminalbench2_predev', ''),
           'swebench_report_java [submitted: empty patch = fail, error = missing, incomplete = missing]':
               ('swebench_report_java', ''),
           'aider_exercism [passed within 2 tries]': ('aider_exercism', ''),
           'inspect_json_arc': ('inspect_json_arc', '')}
PROGRAMS = dict(bigcode_eval_harness=328, openai_batch=63)


@pytest.fixture(scope='module')
def harness(data_folder):
    "Folder of real outputs of evaluation tools, and what must be read from it."
    folder = data_folder/'harness'
    require('data', (folder/'expected.json').exists(), f'no outputs of evaluation tools in {folder}')
    return folder, json.loads((folder/'expected.json').read_text())


def solved(outcomes, model):
    "Share of each task that a model solves."
    part = outcomes[outcomes.model==model]
    return (part.n_passed/part.n_tests).groupby(part.task_id).mean()


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


# ---- real files

@pytest.mark.parametrize('entry', FOLDERS)
def test_the_counts_of_every_folder(harness, entry):
    folder, expected = harness
    name, form = FOLDERS[entry]
    outcomes = gather([folder/name], form).outcomes
    named = {model: next(read for read in outcomes.model.unique() if read==model or read.endswith(model)
                         or model in read)
             for model in expected[entry]['models']} if name!='aider_exercism' else {m: m
                                                                                     for m in outcomes.model.unique()}
    assert len(set(named.values()))==len(expected[entry]['models'])
    for model,counts in expected[entry]['models'].items():
        part = outcomes[outcomes.model==named[model]]
        assert (part.task_id.nunique(), len(part), part.n_passed.sum())==(
            counts['tasks'], counts['samples'], counts['passed_samples'])
    for pair,counts in expected[entry]['pairs'].items():
        first, second = (solved(outcomes, named[model]) for model in pair.split(' | '))
        common = first.index.intersection(second.index)
        lead = first[common]-second[common]
        assert (len(common), (lead>0).sum(), (lead<0).sum())==(
            counts['common_tasks'], counts['first_better'], counts['second_better'])


def test_every_folder_is_read_or_known_to_hold_programs(harness):
    folder, expected = harness
    for path in (path for path in folder.iterdir() if path.is_dir()):
        recorded = gather([path])
        assert len(recorded.programs)==PROGRAMS.get(path.name, 0), path
        assert (recorded.outcomes is None)==(path.name in PROGRAMS), path


def test_lists_of_solved_tasks_are_compared_on_what_they_name(harness):
    folder, expected = harness
    outcomes = gather([folder/'swebench_experiments_lists']).outcomes
    facts = expected['swebench_experiments_lists']
    first, second = (solved(outcomes, next(m for m in outcomes.model.unique() if m==name)) for name in facts['order'])
    assert ((first>second).sum(), (first<second).sum())==(facts['resolved only in first'],
                                                          facts['resolved only in second'])


# ---- containers

ROWS = 'task_id,model,passed\na,A,1\na,B,0\n'


def packed_zip(method, name='rows.csv', text=ROWS):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as archive: archive.writestr(name, text)
    return out.getvalue()


def zstd_zip(name, content):
    "A zip archive whose member is packed by Zstandard, which `zipfile` cannot write."
    plain = packed_zip(zipfile.ZIP_STORED, name, content)
    body = content.encode()
    squeezed = pa.compress(body, 'zstd', asbytes=True)
    start = 30+len(name)
    local, rest = bytearray(plain[:start]), bytearray(plain[start+len(body):])
    local[8:10], local[18:22] = (93).to_bytes(2, 'little'), len(squeezed).to_bytes(4, 'little')
    rest[10:12], rest[20:24] = (93).to_bytes(2, 'little'), len(squeezed).to_bytes(4, 'little')
    end = rest.rfind(b'PK\x05\x06')
    rest[end+16:end+20] = (start+len(squeezed)).to_bytes(4, 'little')
    return bytes(local)+squeezed+bytes(rest)


def packed_tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w:gz') as archive:
        info = tarfile.TarInfo('x/rows.csv')
        info.size = len(ROWS)
        archive.addfile(info, io.BytesIO(ROWS.encode()))
    return out.getvalue()


CONTAINERS = dict(gz=gzip.compress(ROWS.encode()), zst=pa.compress(ROWS.encode(), 'zstd', asbytes=True),
                  zip=packed_zip(zipfile.ZIP_DEFLATED), zstd_zip=zstd_zip('rows.csv', ROWS), tar=packed_tar(),
                  utf16=ROWS.encode('utf-16'), bom=ROWS.encode('utf-8-sig'), semicolon=ROWS.replace(',', ';').encode(),
                  tabs=ROWS.replace(',', '\t').encode())


@pytest.mark.parametrize('kind', CONTAINERS)
def test_a_table_is_read_from_whatever_it_is_packed_in(tmp_path, kind):
    (tmp_path/'rows').write_bytes(CONTAINERS[kind])
    assert gather([tmp_path/'rows']).models==['A', 'B']


@pytest.mark.parametrize('kind', ['gz', 'zst', 'zip', 'zstd_zip', 'tar'])
@pytest.mark.parametrize('left', [.3, .6, .9])
def test_a_cut_archive_is_refused(kind, left):
    content = CONTAINERS[kind]
    with pytest.raises(InputError, match='truncated|damaged|cut off'): parse(content[:int(len(content)*left)], 'cut')


def test_a_spreadsheet_and_a_pickle_say_what_to_save_instead():
    with pytest.raises(InputError, match='Excel workbook'): parse(packed_zip(zipfile.ZIP_STORED,
                                                                             '[Content_Types].xml', 'x'), 'a.xlsx')
    with pytest.raises(InputError, match='a pickle'): parse(b'\x80\x04\x95', 'a.pkl')


# ---- tables

def test_prompts_stand_for_ids_and_repeats_are_samples(tmp_path):
    text = 'Prompt,Model,Correct\n"Sort, please",A,TRUE\n"Sort, please",A,false\n"Sort, please",B,yes\n'
    outcomes = gather([write(tmp_path/'a.csv', text)]).outcomes
    assert outcomes.task_id.nunique()==1 and outcomes['sample'].tolist()==[0, 1, 0]


def test_one_prompt_under_several_ids_is_one_group(tmp_path):
    rows = [dict(id=f'{i}', prompt='same' if i<3 else f'other {i}', model=model, passed=True) for i in range(5)
            for model in 'AB']
    recorded = gather([write(tmp_path/'a.json', rows)])
    assert recorded.outcomes.group.nunique()==3 and '3 distinct prompts' in summary_text(recorded)


def test_scores_are_shares_and_missing_ones_are_missing(tmp_path):
    recorded = gather([write(tmp_path/'a.csv', 'task;model;score\na;A;0,5\nb;A;\nb;B;1\n')])
    assert (recorded.outcomes.n_passed/recorded.outcomes.n_tests).tolist()==[.5, 1.]
    assert 'missing outcomes left out: A 1' in recorded.notes


def test_a_wide_table_has_a_model_a_column(tmp_path):
    assert gather([write(tmp_path/'a.csv', 'task_id,tiny,big\na,1,0\nb,,1\n')]).models==['tiny', 'big']


def test_a_name_given_with_a_path_is_the_model(tmp_path):
    path = write(tmp_path/'x.csv', 'task_id,passed\na,1\n')
    assert gather([f'mine={path}']).models==['mine']


@pytest.mark.parametrize('path, stem, name', [
    ('logs/org__A-7B/samples_gsm8k_2025-01-01T10-00-00.1.jsonl', 'samples_gsm8k_2025-01-01T10-00-00.1', 'org/A-7B'),
    ('r/B/Scenario.codegeneration_1_0.2_eval_all.json', 'Scenario.codegeneration_1_0.2_eval_all', 'B'),
    ('A-7B_hf_temp_0.8_eval_results.json', 'A-7B_hf_temp_0.8_eval_results', 'A-7B')])
def test_names_come_from_file_or_folder(path, stem, name): assert name_of(path, stem)==name


# ---- what is refused

REFUSED = {'this is CSV': ('a.jsonl', ROWS), 'no known format': ('a.json', '{"colour": 1}'),
           'from 0 to 1': ('a.csv', 'task_id,model,score\na,A,87\n'),
           'cost is': ('a.csv', 'task_id,model,passed,cost\na,A,1,-2\n'),
           'nothing says which task': ('a.csv', 'model,passed\nA,1\n'),
           'nothing says what came out': ('a.csv', 'task_id,model\na,A\n'),
           'cut off or damaged': ('a.json', '[{"task_id": "a", '), 'empty': ('a.json', ' '),
           'not text': ('a.bin', b'\xff\x00\x01\x02'),
           '2 of 1 tests passed': ('a.jsonl', '{"task_id": "a", "model": "A", "n_tests": 1, "n_passed": 2}')}


@pytest.mark.parametrize('reason', REFUSED)
def test_bad_files_are_refused_with_the_reason(tmp_path, reason):
    name, content = REFUSED[reason]
    (tmp_path/name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=reason) as caught: gather([tmp_path/name])
    assert name in str(caught.value)


def test_a_status_that_says_nothing_of_the_tests_contradicts_nothing(tmp_path):
    "As our own table of outcomes has it; a row that contradicts itself is refused."
    row = dict(task_id='a', model='A', n_tests=2, n_passed=1)
    for status,refused in (('ran', False), ('timeout', False), ('passed', True)):
        (tmp_path/'a.jsonl').write_text(json.dumps(row | dict(status=status)))
        with pytest.raises(InputError, match='status is .passed., but 1 of 2') if refused else nullcontext():
            assert gather([tmp_path/'a.jsonl'])


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=f'{tmp_path}: no file that could be read'): gather([tmp_path])


def test_a_pattern_behind_a_name_is_explained(tmp_path):
    with pytest.raises(InputError, match='A pattern behind NAME= is not expanded: give the folder'):
        gather([f'A={tmp_path}/*.json'])


def test_one_model_in_two_arguments_and_names_given_twice(tmp_path):
    first, second = (write(tmp_path/name, 'task_id,model,passed\na,A,1\n') for name in ('a.csv', 'b.csv'))
    with pytest.raises(InputError, match="both hold model 'A'"): gather([first, second])
    with pytest.raises(InputError, match="'M' is named twice"): gather([f'M={first}', f'M={second}'])
    with pytest.raises(InputError, match='given twice'): gather([f'M={first}', f'N={first}'])


def test_versions_of_a_benchmark_do_not_mix(tmp_path):
    for name in 'AB': write(tmp_path/f'{name}.json', dict(hash=name, eval={'T/1': [dict(base_status='pass')]}))
    with pytest.raises(InputError, match='different benchmarks'): gather([tmp_path/'A.json', tmp_path/'B.json'])


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    with pytest.raises(InputError, match='unknown format .*evalplus'): gather([write(tmp_path/'a.csv', ROWS)],
                                                                              'nonsense')


def test_formats_have_different_names(): assert len({form.name for form in FORMATS})==len(FORMATS)


# ---- layouts of tools

def test_an_inspect_log_in_a_zip(tmp_path):
    header = dict(eval=dict(model='A', task='t', scorers=[dict(name='s')]))
    with zipfile.ZipFile(tmp_path/'log.eval', 'w') as archive:
        archive.writestr('header.json', json.dumps(header))
        for number,value in enumerate('CIN'):
            sample = dict(id=number, epoch=1, scores=dict(s=dict(value=value)))
            archive.writestr(f'samples/{number}_epoch_1.json', json.dumps(sample))
    assert gather([tmp_path/'log.eval']).outcomes.n_passed.tolist()==[1, 0, 0]


def test_positions_of_livecodebench_give_way_to_ids(tmp_path):
    write(tmp_path/'A/Scenario.codegeneration_1_0.2_eval.json', [{'pass@1': 1.}, {'0': [[True]]}, []])
    write(tmp_path/'A/Scenario.codegeneration_1_0.2_eval_all.json', [dict(question_id='q', graded_list=[True])])
    assert gather([tmp_path]).outcomes.task_id.tolist()==['q']


def test_hidden_files_stay_out(tmp_path):
    write(tmp_path/'.cache/a.csv', ROWS)
    write(tmp_path/'a.csv', ROWS)
    assert len(read_documents(tmp_path)[0])==1


@pytest.mark.parametrize('content,message', [
    ('task_id,model,passed,passed\na,A,1,0\n', "two columns are called 'passed'"),
    ('task_id,model,passed\n', 'a heading and no rows'),
    ('{"eval": {"T/1": [null]}}', 'EvalPlus|no known kind|Looked for')])
def test_damaged_results_are_named(tmp_path, content, message):
    path = tmp_path/('a.json' if content[0]=='{' else 'a.csv')
    path.write_text(content)
    with pytest.raises(InputError, match=message): gather([str(path)])


def test_ids_are_alike_however_they_are_written(tmp_path):
    (tmp_path/'A.csv').write_text('task_id,passed\n1.0,1\n 2.0 ,0\n')
    (tmp_path/'B.csv').write_bytes(b'task_id,passed\r1,1\r2,1\r')
    assert set(gather([str(tmp_path/'A.csv'), str(tmp_path/'B.csv')]).outcomes.task_id)=={'1', '2'}


def test_a_format_that_a_file_has_not(tmp_path):
    (tmp_path/'A.csv').write_text('task_id,passed\n1,1\n')
    for form in ('lm-eval', 'inspect', 'helm', 'swe-bench-lists'):
        with pytest.raises(InputError, match='A.csv'): gather([str(tmp_path/'A.csv')], form)


# ---- layouts of folders

def test_a_folder_of_swe_bench_reports_an_instance_each(tmp_path):
    "As `run_evaluation` writes them: an instance that broke has no report, and is missing."
    for model,results in (('org__a', dict(x__x=True, y__y=False)), ('b', dict(x__x=False, z__z=True))):
        for instance,resolved in results.items():
            facts = dict(patch_is_None=False, patch_exists=True, patch_successfully_applied=True, resolved=resolved,
                         tests_status=dict(FAIL_TO_PASS=dict(success=[], failure=[])))
            write(tmp_path/'logs'/'run_evaluation'/'run-1'/model/instance/'report.json', {instance: facts})
    outcomes = gather([tmp_path/'logs']).outcomes
    assert {(row.model, row.task_id): row.n_passed for row in outcomes.itertuples()}=={
        ('org/a', 'x__x'): 1, ('org/a', 'y__y'): 0, ('b', 'x__x'): 0, ('b', 'z__z'): 1}


@pytest.mark.parametrize('old', [False, True])
def test_helm_takes_prompts_from_the_scenario_state(tmp_path, old):
    "The state beside the statistics has the prompts, and the calls that failed; older versions write plain inputs."
    name = {'name': 'exact_match', 'split': 'test'}
    shown = lambda text: text if old else dict(text=text)
    for model,means in (('org/a', (1., 0., 0.)), ('org/b', (1., 1., 0.))):
        folder = tmp_path/'runs'/'v1'/f'mmlu:subject=anatomy,model={model.replace("/", "_")}'
        write(folder/'per_instance_stats.json', [
            dict(instance_id=f'id{i}', train_trial_index=0, stats=[dict(name=name, mean=mean)])
            for i,mean in enumerate(means)])
        states = [dict(instance=dict(id=f'id{i}', input=shown(f'question {i}'), references=[]), train_trial_index=0,
                       request=dict(model=model), result=dict(success=i<2, completions=[])) for i in range(3)]
        write(folder/'scenario_state.json', dict(adapter_spec=dict(model=model), request_states=states))
        write(folder/'scenario.json', dict(name='mmlu', definition_path='x'))
        if not old: write(folder/'run_spec.json', dict(name=f'mmlu:subject=anatomy,model={model}',
                                                       adapter_spec=dict(model=model)))
    recorded = gather([tmp_path/'runs'])
    assert recorded.models==['org/a', 'org/b'] and recorded.outcomes.task_id.nunique()==2
    assert sorted(recorded.texts.values())==['question 0', 'question 1', 'question 2']
    assert recorded.outcomes.n_passed.tolist()==[1, 0, 1, 1] and 'org/a 1' in ' '.join(recorded.notes)


def test_settings_alone_are_no_results(tmp_path):
    write(tmp_path/'scenario_state.json', dict(adapter_spec=dict(model='a'), request_states=[]))
    with pytest.raises(InputError, match='scenario_state.json: settings or sums alone. Give the results by task'):
        gather([tmp_path/'scenario_state.json'])


def test_a_copy_of_a_file_is_no_second_model(tmp_path):
    for name in 'ab': write(tmp_path/f'{name}.csv', 'task_id,passed\nx,1\n')
    with pytest.raises(InputError, match='b.csv: a copy of .*a.csv, so both models would be the same'):
        gather([tmp_path/'a.csv', tmp_path/'b.csv'])


def test_a_wrong_cell_is_named_as_it_is(tmp_path):
    write(tmp_path/'a.csv', 'task_id,score\nx,1.5\n')
    with pytest.raises(InputError, match=r"^\S*a.csv, row 2: score is '1.5'. A score is a number from 0 to 1"):
        gather([tmp_path/'a.csv'])


def test_a_heading_as_long_as_a_book_is_read():
    assert list(table_rows(f'task_id,{"x"*200_000}\na,1\n', 'a.csv')[0].values())==['a', '1']


def test_programs_of_a_chat_of_a_list_and_of_samples(tmp_path):
    "Calls that failed have no text; a list begins where the settings beside it say."
    said = lambda content: dict(body=dict(model='a', choices=[dict(message=dict(content=content))]))
    rows = [dict(custom_id='T/1', response=said('x')), dict(custom_id='T/2', response=said(None)),
            dict(custom_id='T/3', response=None, error='expired'),
            dict(custom_id='T/4', response=dict(status_code=500, body=dict(error='busy'))),
            dict(custom_id='T/5', result=dict(type='succeeded', message=dict(model='a', content=[dict(text='y')]))),
            dict(custom_id='T/6', response=dict(body=dict(model='a', output=[dict(type='reasoning'), dict(
                type='message', content=[dict(type='output_text', text='z')])])))]
    write(tmp_path/'log.jsonl', '\n'.join(map(json.dumps, rows)))
    write(tmp_path/'run'/'generations_mbpp.json', [['p', 'q'], ['r', 's']])
    settings = dict(tasks='mbpp', model='org/b', limit_start=5)
    write(tmp_path/'run'/'evaluation_results.json', dict(mbpp={}, config=settings))
    write(tmp_path/'c.jsonl', json.dumps(dict(task_id='T/1', solution='w')))
    programs = gather([tmp_path/'log.jsonl', tmp_path/'run', f'c={tmp_path/"c.jsonl"}']).programs
    assert [made['text'] for made in programs]==['x', '', None, None, 'y', 'z', 'p', 'q', 'r', 's', 'w']
    assert [made['position'] for made in programs[6:10]]==[5, 5, 6, 6]
    assert {made['model'] for made in programs}=={'a', 'org/b', 'c'}
    other = write(tmp_path/'d'/'c.jsonl', json.dumps(dict(task_id='T/1', solution='v')))
    with pytest.raises(InputError, match='both hold model .c. on task'): gather([tmp_path/'c.jsonl', other])
