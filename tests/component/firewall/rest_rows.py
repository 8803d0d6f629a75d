"""rest_rows.py: the table of paths, methods and parameters of the firewall's REST interface, a test for each of its rows: what
the account must be allowed to do, which parameters there must be, which there may be.
"""
from rest_api import CIDR, DIGEST, LEVELS, NAMED, OPTIONS

RULE = {'enable': {'enable': 1}, 'macro': {'macro': 'ssh'}, 'proto': {'proto': 'udplite'}, 'source': {'source': '10.0.0.0/8,10.9.9.9'},
        'dest': {'dest': '10.0.0.1-10.0.0.9'}, 'sport': {'sport': '1024:65535', 'proto': 'tcp'}, 'dport': {'dport': '80,443', 'proto': 'tcp'},
        'icmp-type': {'icmp-type': 'echo-request', 'proto': 'icmp'}, 'log': {'log': 'info'}, 'comment': {'comment': 'why'},
        'pos': {'pos': 0}, 'digest': {'digest': DIGEST}}


def rule_params(level):
    iface = {'cluster': 'vmbr0', 'node': 'vmbr0', 'qemu': 'net0', 'lxc': 'net0'}.get(level)
    return RULE | ({'iface': {'iface': iface}} if iface else {})


def one_each(**params):
    return {k: {k: v} for k, v in params.items()}


def rules_rows(level, name, kind):
    """The row of a list of rules and that of one of them; `pos` of a row is in its path."""
    new, change = rule_params(level), {k: v for k, v in rule_params(level).items() if k != 'pos'}
    must = {'type': 'forward' if level == 'vnet' else 'in', 'action': 'ACCEPT'}
    yield name, kind, 'GET', {}, {}
    yield name, kind, 'POST', must, new
    yield f'{name}/{{pos}}', f'{kind}/0', 'GET', {}, {}
    yield f'{name}/{{pos}}', f'{kind}/0', 'PUT', {}, change | one_each(type=must['type'], action='DROP', moveto=1, delete='comment')
    yield f'{name}/{{pos}}', f'{kind}/0', 'DELETE', {}, one_each(digest=DIGEST)


def rows_of(level):
    """(the facts' path, path, method, required, optional): optional ones each with what they need beside them."""
    options = one_each(**OPTIONS[level])
    yield 'options', 'options', 'GET', {}, {}
    yield 'options', 'options', 'PUT', {}, options | one_each(delete='enable', digest=DIGEST)
    yield from rules_rows(level, 'rules', 'rules')
    if level == 'cluster':
        yield 'groups', 'groups', 'GET', {}, {}
        yield 'groups', 'groups', 'POST', {'group': 'fresh'}, one_each(comment='c', rename='gr', digest=DIGEST)
        yield from rules_rows(None, 'groups/{group}', 'groups/gr')
        yield 'groups/{group}', 'groups/bare', 'DELETE', {}, {}
        yield 'macros', 'macros', 'GET', {}, {}
    if level not in NAMED:
        return
    yield 'aliases', 'aliases', 'GET', {}, {}
    yield 'aliases', 'aliases', 'POST', {'name': 'fresh', 'cidr': '10.2.0.0/16'}, one_each(comment='c')
    yield 'aliases/{name}', 'aliases/al', 'GET', {}, {}
    yield 'aliases/{name}', 'aliases/al', 'PUT', {'cidr': '10.3.0.0/16'}, one_each(comment='c', rename='other', digest=DIGEST)
    yield 'aliases/{name}', 'aliases/al', 'DELETE', {}, one_each(digest=DIGEST)
    yield 'ipset', 'ipset', 'GET', {}, {}
    yield 'ipset', 'ipset', 'POST', {'name': 'fresh'}, one_each(comment='c', rename='st', digest=DIGEST)
    yield 'ipset/{name}', 'ipset/st', 'GET', {}, {}
    yield 'ipset/{name}', 'ipset/st', 'POST', {'cidr': '10.2.0.0/16'}, one_each(nomatch=1, comment='c')
    yield 'ipset/{name}', 'ipset/bare', 'DELETE', {}, one_each(force=1)
    yield 'ipset/{name}/{cidr}', f'ipset/st/{CIDR}', 'GET', {}, {}
    yield 'ipset/{name}/{cidr}', f'ipset/st/{CIDR}', 'PUT', {}, one_each(nomatch=1, comment='c', digest=DIGEST)
    yield 'ipset/{name}/{cidr}', f'ipset/st/{CIDR}', 'DELETE', {}, one_each(digest=DIGEST)
    yield 'refs', 'refs', 'GET', {}, one_each(type='alias')


def logs():
    pages = one_each(start=0, limit=5, since=1, until=2)
    yield 'node', 'log', 'log', 'GET', {}, pages
    yield 'qemu', 'log', 'log', 'GET', {}, pages
    yield 'lxc', 'log', 'log', 'GET', {}, pages


def who(level, kind, method):
    """The privilege that a row needs, and what the server says without it; None: any user."""
    _, read, write = LEVELS[level]
    if method == 'GET' and kind in ('groups', 'macros'):
        return None, None
    if kind == 'log':
        need = ('Sys.Syslog', '/nodes/pve') if level == 'node' else ('VM.Console', read[1])
    else:
        need = read if method == 'GET' else write
    words = need[0]
    if level == 'vnet' and method == 'GET':
        words = 'SDN.Allocate|SDN.Audit' if kind == 'options' else 'SDN.Audit|SDN.Allocate'
    return need, f'Permission check failed ({need[1]}, {words})'


def try_row(api, level, path, kind, method, must, may):
    need, words = who(level, kind, method)
    api.wipe([level])
    api.fill(level)
    status, reason, _ = api.answer(api.other, method, path, must)
    assert (status, reason) == ((403, words) if need else (200, 'OK')), f'without privileges: {status} {reason}'
    if need:
        api.no(400, {'frob': 'property is not defined in schema and the schema does not allow additional properties'},
               method, path, **must, frob=1)
    for name in must:
        api.no(400, {name: 'property is missing and it is not optional'}, method, path, **{k: v for k, v in must.items() if k != name})
    if need:
        take_back = api.grant(*need)
        status, reason, body = api.answer(api.other, method, path, must)
        take_back()
        assert status == 200, f'with {need[0]} on {need[1]}: {status} {reason} {body}'
    for name, param in may.items():
        if method != 'GET':
            api.wipe([level])
            api.fill(level)
        param = {k: api.digest(path, method) if v is DIGEST else v for k, v in param.items()}
        status, reason, body = api.ask(method, path, **(must | param))
        assert status == 200, f'{name}: {status} {reason} {body}'


def row_tests():
    every = [(level, *row) for level in LEVELS for row in rows_of(level)] + list(logs())
    for level, fact, kind, method, must, may in every:
        prefix = LEVELS[level][0]
        title = prefix.replace('/pve/', '/{node}/').replace('9000', '{vmid}').replace('8000', '{vmid}').replace('dmz', '{vnet}')
        yield f'{title}/{fact} {method}', lambda api, a=(level, f'{prefix}/{kind}', kind, method, must, may): try_row(api, *a)
