"""rest_quirks.py: what the firewall's REST interface does that its description does not say."""
import itertools
import urllib.parse

from rest_api import BAD, CHANGED, CIDR, LEVELS, OPTIONS

C, H, V, T, N = (LEVELS[k][0] for k in ('cluster', 'node', 'qemu', 'lxc', 'vnet'))
LISTS = [f'{p}/rules' for p in (C, H, V, T, N)]
QUIRKS = []


def quirk(name):
    return lambda fn: QUIRKS.append((f'quirk: {name}', fn))


@quirk('POST puts the new rule at position 0, pos is ignored: a, b, c yields c, b, a')
def post_is_first(api):
    for path in LISTS:
        for name in 'abc':
            api.ok('POST', path, type='forward' if path.startswith(N) else 'in', action='ACCEPT', comment=name, pos=2)
        assert api.comments(path) == ['c', 'b', 'a'], path


@quirk('POST without enable stores 0')
def post_is_disabled(api):
    for path in LISTS:
        api.add(path, 'a')
        api.ok('POST', path, type='forward' if path.startswith(N) else 'in', action='ACCEPT')
        assert [r['enable'] for r in api.get(path)] == [0, 1], path


@quirk('POST takes a digest and does not check it; PUT and DELETE do')
def digests(api):
    for path in LISTS:
        api.add(path, 'a', 'b', digest=BAD)
        api.no(500, CHANGED, 'PUT', f'{path}/0', comment='x', digest=BAD)
        api.no(500, CHANGED, 'PUT', f'{path}/0', moveto=2, digest=BAD)
        api.no(500, CHANGED, 'DELETE', f'{path}/0', digest=BAD)
        api.ok('PUT', f'{path}/0', comment='x', digest=api.get(path)[0]['digest'])
        api.ok('DELETE', f'{path}/0', digest=api.get(path)[0]['digest'])
        assert api.comments(path) == ['b']


@quirk('a wrong digest is said before a wrong position')
def digest_first(api):
    api.add(LISTS[0], 'a')
    api.no(500, CHANGED, 'DELETE', f'{LISTS[0]}/7', digest=BAD)
    api.no(500, 'no rule at position 7', 'DELETE', f'{LISTS[0]}/7')
    api.no(500, 'no rule at position 1', 'PUT', f'{LISTS[0]}/1', comment='x')
    api.no(500, 'no rule at position 1', 'GET', f'{LISTS[0]}/1')


@quirk('positions are plain indexes: after a DELETE all later ones fall by one')
def positions(api):
    for path in LISTS:
        api.add(path, *'abcd')
        api.ok('DELETE', f'{path}/1')
        assert [(r['pos'], r['comment']) for r in api.get(path)] == [(0, 'a'), (1, 'c'), (2, 'd')]


@quirk('the digest covers the whole list')
def whole_digest(api):
    for path in LISTS:
        api.add(path, *'ab')
        was = {r['digest'] for r in api.get(path)}
        api.ok('PUT', f'{path}/1', comment='c')
        now = {r['digest'] for r in api.get(path)}
        assert len(was) == len(now) == 1 and was != now
        api.no(500, CHANGED, 'PUT', f'{path}/0', comment='x', digest=was.pop())


@quirk('moveto counts in the old list: the rule lands before the element that had that index; at the end from the length on')
def moveto(api):
    path, n = LISTS[2], 4
    for pos, to in itertools.product(range(n), range(n + 3)):
        api.clear_rules(path)
        api.add(path, *'abcd')
        api.ok('PUT', f'{path}/{pos}', moveto=to)
        left = list('abcd')
        rule = left.pop(pos)
        at = n - 1 if to >= n else to - (to > pos)
        expected = list('abcd') if to == pos else left[:at] + [rule] + left[at:]
        assert api.comments(path) == expected, f'{pos} to {to}: {api.comments(path)}, not {expected}'


@quirk('all other fields are ignored when moveto differs from pos')
def moveto_alone(api):
    path = LISTS[0]
    api.add(path, *'abc')
    api.ok('PUT', f'{path}/0', moveto=3, comment='x', action='DROP', delete='comment')
    assert [(r['comment'], r['action']) for r in api.get(path)] == [('b', 'ACCEPT'), ('c', 'ACCEPT'), ('a', 'ACCEPT')]
    api.ok('PUT', f'{path}/0', moveto=0, comment='x')
    assert api.comments(path) == ['x', 'c', 'a']


FULL = {'source': '10.0.0.1', 'dest': '10.0.0.2', 'proto': 'tcp', 'dport': '80', 'sport': '1024', 'comment': 'x', 'log': 'info'}


@quirk('PUT with an empty value deletes the field')
def empty_deletes(api):
    path = LISTS[0]
    api.add(path, FULL)
    for name in ('source', 'dest', 'sport', 'dport', 'proto', 'comment'):
        api.ok('PUT', f'{path}/0', **{name: ''})
        assert name not in api.get(path)[0], name
    assert api.get(path)[0]['log'] == 'info'


@quirk("PUT with '-' deletes the field where its format lets '-' pass: comment and macro")
def dash_deletes(api):
    path = LISTS[0]
    api.add(path, {'macro': 'SSH', 'comment': 'x', 'source': '10.0.0.1'})
    for name in ('comment', 'macro'):
        api.ok('PUT', f'{path}/0', **{name: '-'})
        assert name not in api.get(path)[0], name
    api.no(400, {'proto': "invalid format - unknown protocol '-'\n"}, 'PUT', f'{path}/0', proto='-')
    assert api.ask('PUT', f'{path}/0', source='-')[0] == 400


@quirk('delete= removes fields; it cannot name type or action, nor what is no field')
def rule_delete(api):
    path = LISTS[0]
    api.add(path, FULL)
    for name in ('type', 'action'):
        api.no(400, {'delete': f"unable to delete required property '{name}'"}, 'PUT', f'{path}/0', delete=f'comment,{name}')
    api.no(400, {'delete': "no such property ('frob')"}, 'PUT', f'{path}/0', delete='frob')
    assert api.comments(path) == ['x']
    api.ok('PUT', f'{path}/0', delete='source,dest,dport,sport,proto,comment,log')
    assert set(api.get(path)[0]) == {'type', 'action', 'enable', 'pos', 'digest'}


@quirk('options: delete=a,b is processed first, then the values')
def options_delete(api):
    for level, options in OPTIONS.items():
        path = f'{LEVELS[level][0]}/options'
        api.ok('PUT', path, **options)
        last = [k for k in options if k != 'enable'][-1]
        api.ok('PUT', path, delete=','.join(options), **{last: options[last]})
        seen = api.get(path)
        assert {k: str(v) for k, v in seen.items() if k != 'digest'} == {last: str(options[last])}, f'{level}: {seen}'


@quirk('options: delete= of what is no option changes nothing')
def options_delete_unknown(api):
    for level, options in OPTIONS.items():
        path = f'{LEVELS[level][0]}/options'
        api.ok('PUT', path, **options)
        was = api.get(path)
        api.no(400, {'delete': "no such option 'frob'"}, 'PUT', path, delete='enable,frob')
        api.no(500, CHANGED, 'PUT', path, delete='enable', digest=BAD)
        assert api.get(path) == was


@quirk('every option comes back as it was set')
def options_back(api):
    for level, options in OPTIONS.items():
        path = f'{LEVELS[level][0]}/options'
        for key, value in options.items():
            api.ok('PUT', path, **{key: value})
            assert api.get(path)[key] == value, f'{level} {key}: {api.get(path)[key]!r}'


@quirk('GET has pos and digest on each rule; pos is a number in the list, a string alone')
def pos_and_digest(api):
    for path in LISTS:
        api.add(path, *'ab')
        for i, rule in enumerate(api.get(path)):
            one = api.get(f'{path}/{i}')
            assert rule['pos'] == i and one['pos'] == str(i) and one['digest'] == rule['digest']
            assert {k: v for k, v in one.items() if k != 'pos'} == {k: v for k, v in rule.items() if k != 'pos'}


@quirk('an empty list has no digest: the first insert cannot be guarded')
def empty_list(api):
    for path in [*LISTS, f'{C}/groups', f'{C}/aliases', f'{C}/ipset', f'{V}/aliases', f'{T}/ipset']:
        assert api.get(path) == []
    assert api.get(f'{N}/options') == {'digest': 'da39a3ee5e6b4b0d3255bfef95601890afd80709'}


@quirk('group rules and vnet rules have no iface')
def no_iface(api):
    api.ok('POST', f'{C}/groups', group='gr')
    words = {'type': 'parameter -i not allowed for this rule type'}
    api.no(400, words, 'POST', f'{C}/groups/gr', type='in', action='ACCEPT', iface='vmbr0')
    api.no(400, words, 'POST', f'{N}/rules', type='forward', action='ACCEPT', iface='vmbr0')
    for path in (f'{V}/rules', f'{T}/rules'):
        api.no(400, {'iface': "value does not match the regex pattern 'net\\d+'"}, 'POST', path, type='in', action='ACCEPT', iface='vmbr0')


@quirk('which types of rules a level has')
def types(api):
    api.ok('POST', f'{C}/groups', group='gr')
    allowed = {f'{C}/rules': ('cluster', 'in out forward group'), f'{H}/rules': ('host', 'in out forward group'),
               f'{V}/rules': ('vm', 'in out group'), f'{T}/rules': ('ct', 'in out group'), f'{N}/rules': ('vnet', 'forward group'),
               f'{C}/groups/gr': ('group', 'in out forward')}
    for path, (env, kinds) in allowed.items():
        for kind in ('in', 'out', 'forward', 'group'):
            param = {'type': kind, 'action': 'gr' if kind == 'group' else 'ACCEPT'}
            if kind in kinds.split():
                api.ok('POST', path, **param)
            else:
                api.no(400, {'type': f"invalid rule type '{kind}' for rule_env '{env}'"}, 'POST', path, **param)
    api.no(400, {'action': 'cannot define REJECT rules on forward chain'}, 'POST', f'{C}/rules', type='forward', action='REJECT')


@quirk('renaming a group rewrites cluster, host and guest rules, not those of vnets')
def group_rename(api):
    api.ok('POST', f'{C}/groups', group='old', comment='kept')
    api.add(f'{C}/groups/old', 'body')
    for path in LISTS:
        api.add(path, {'type': 'group', 'action': 'old'})
    api.ok('POST', f'{C}/groups', group='new', rename='old')
    assert [api.get(path)[0]['action'] for path in LISTS] == ['new', 'new', 'new', 'new', 'old']
    assert [(g['group'], g['comment']) for g in api.get(f'{C}/groups')] == [('new', 'kept')]
    assert api.comments(f'{C}/groups/new') == ['body']


@quirk('a group is renamed to its own name to change its comment; only a rename looks at the digest')
def group_comment(api):
    for what, key in (('groups', 'group'), ('ipset', 'name')):
        words = {'groups': 'Security group', 'ipset': 'IPSet'}[what]
        path = f'{C}/{what}'
        api.ok('POST', path, **{key: 'aa', 'digest': BAD})
        api.ok('POST', path, **{key: 'bb', 'comment': 'mine'})
        api.no(500, CHANGED, 'POST', path, **{key: 'aa', 'rename': 'aa', 'comment': 'x', 'digest': BAD})
        api.ok('POST', path, **{key: 'aa', 'rename': 'aa', 'comment': 'x', 'digest': api.get(path)[0]['digest']})
        assert [g.get('comment') for g in api.get(path)] == ['x', 'mine']
        api.ok('POST', path, **{key: 'aa', 'rename': 'aa', 'comment': ''})
        assert 'comment' not in api.get(path)[0]
        api.no(400, {key: f"{words} 'cc' does not exist"}, 'POST', path, **{key: 'dd', 'rename': 'cc'})
        api.no(400, {key: f"{words} 'bb' does already exist"}, 'POST', path, **{key: 'bb', 'rename': 'aa'})
        api.no(400, {key: f"{words} 'aa' already exists"}, 'POST', path, **{key: 'aa'})


@quirk('names are read back in lower case and asked for exactly')
def lower_case(api):
    api.ok('POST', f'{C}/groups', group='Web')
    api.ok('POST', f'{V}/ipset', name='Set')
    assert api.get(f'{C}/groups')[0]['group'] == 'web' and api.get(f'{V}/ipset')[0]['name'] == 'set'
    api.no(500, "no such security group 'Web'", 'GET', f'{C}/groups/Web')
    api.no(500, "no such IPSet 'Set'", 'GET', f'{V}/ipset/Set')
    api.ok('POST', f'{V}/aliases', name='Al', cidr='10.0.0.1')
    assert api.get(f'{V}/aliases/aL')['name'] == 'Al'
    api.no(400, {'name': "alias 'AL' already exists"}, 'POST', f'{V}/aliases', name='AL', cidr='10.0.0.2')


@quirk('names have 2 characters at least; at most 18 for a group, 64 for an IP set or alias')
def name_limits(api):
    for path, key, most, more in ((f'{C}/groups', 'group', 18, {}), (f'{C}/ipset', 'name', 64, {}), (f'{T}/aliases', 'name', 64, {'cidr': '10.0.0.1'})):
        api.no(400, {key: 'value must be at least 2 characters long'}, 'POST', path, **{key: 'x'}, **more)
        api.no(400, {key: f'value may only be {most} characters long'}, 'POST', path, **{key: 'x' * (most + 1)}, **more)
        api.no(400, {key: 'value does not match the regex pattern'}, 'POST', path, **{key: '1x'}, **more)
        api.ok('POST', path, **{key: 'x' * most}, **more)


@quirk('renaming an alias does not rewrite rules: they say that it is gone')
def alias_rename(api):
    api.ok('POST', f'{C}/aliases', name='al', cidr='10.0.0.1')
    for path in LISTS[:4]:
        api.add(path, {'source': 'al'})
        assert 'errors' not in api.get(path)[0] and api.get(path)[0]['ipversion'] == 4
    api.ok('PUT', f'{C}/aliases/al', cidr='10.0.0.1', rename='other')
    for path in LISTS[:4]:
        rule = api.get(path)[0]
        assert rule['source'] == 'al' and rule['errors'] == {'source': "no such alias 'al'"}
        assert 'ipversion' not in rule
    api.no(400, {'name': 'no such alias'}, 'PUT', f'{C}/aliases/al', cidr='10.0.0.1', rename='third')
    api.ok('POST', f'{C}/aliases', name='al', cidr='10.0.0.1')
    api.no(400, {'name': "alias 'other' already exists"}, 'PUT', f'{C}/aliases/al', cidr='10.0.0.1', rename='other')


@quirk('renaming an IP set does not rewrite rules: they say that it is gone')
def set_rename(api):
    for base, path in ((C, f'{C}/rules'), (V, f'{V}/rules'), (T, f'{T}/rules')):
        api.ok('POST', f'{base}/ipset', name='mine')
        api.add(path, {'dest': '+mine'})
        api.ok('POST', f'{base}/ipset', name='other', rename='mine')
        assert api.get(path)[0]['errors'] == {'dest': "no such ipset 'mine'"}
        api.clear_rules(path)
        api.ok('DELETE', f'{base}/ipset/other')


@quirk('PUT of an alias replaces the whole entry: without comment the comment is lost, cidr is required')
def alias_put(api):
    for base in (C, V, T):
        api.ok('POST', f'{base}/aliases', name='al', cidr='10.0.0.1', comment='why')
        assert api.get(f'{base}/aliases/al') == {'name': 'al', 'cidr': '10.0.0.1', 'comment': 'why', 'ipversion': 4}
        api.no(400, {'cidr': 'property is missing and it is not optional'}, 'PUT', f'{base}/aliases/al', comment='x')
        api.no(500, CHANGED, 'PUT', f'{base}/aliases/al', cidr='10.0.0.2', digest=BAD)
        api.ok('PUT', f'{base}/aliases/al', cidr='10.0.0.2')
        assert api.get(f'{base}/aliases/al') == {'name': 'al', 'cidr': '10.0.0.2', 'ipversion': 4}


@quirk('DELETE of an unknown alias succeeds')
def alias_delete(api):
    for base in (C, V, T):
        api.ok('DELETE', f'{base}/aliases/nosuch')
        api.ok('POST', f'{base}/aliases', name='al', cidr='10.0.0.1')
        api.no(500, CHANGED, 'DELETE', f'{base}/aliases/al', digest=BAD)
        api.no(400, {'name': 'no such alias'}, 'GET', f'{base}/aliases/nosuch')


@quirk('an alias keeps host bits and loses /32 and /128')
def alias_bits(api):
    for given, kept in (('10.0.0.5/24', '10.0.0.5/24'), ('10.0.0.5/32', '10.0.0.5'), ('fd00::5/128', 'fd00::5'), ('fd00::/64', 'fd00::/64')):
        api.ok('POST', f'{C}/aliases', name='al', cidr=given)
        assert api.get(f'{C}/aliases/al')['cidr'] == kept
        api.ok('DELETE', f'{C}/aliases/al')


@quirk('PUT of an ipset member resets nomatch and comment when they are omitted')
def member_put(api):
    for base in (C, V, T):
        api.ok('POST', f'{base}/ipset', name='st')
        api.ok('POST', f'{base}/ipset/st', cidr='10.1.0.0/16', nomatch=1, comment='why')
        member = f'{base}/ipset/st/{CIDR}'
        assert {k: v for k, v in api.get(member).items() if k != 'digest'} == {'cidr': '10.1.0.0/16', 'nomatch': 1, 'comment': 'why'}
        api.no(500, CHANGED, 'PUT', member, nomatch=1, digest=BAD)
        api.ok('PUT', member, comment='x')
        assert 'nomatch' not in api.get(member)
        api.ok('PUT', member, nomatch=1)
        assert 'comment' not in api.get(member) and api.get(member)['nomatch'] == 1


@quirk('{cidr} is URL-encoded and exactly as stored: masked, without /32')
def member_path(api):
    for base in (C, V, T):
        api.ok('POST', f'{base}/ipset', name='st')
        for given, stored in (('10.1.2.3/16', '10.1.0.0/16'), ('10.9.0.7/32', '10.9.0.7'), ('fd00:1::9/64', 'fd00:1::/64')):
            api.ok('POST', f'{base}/ipset/st', cidr=given)
            quote = lambda s: urllib.parse.quote(s, safe='')  # pylint: disable=unnecessary-lambda-assignment
            assert api.get(f'{base}/ipset/st/{quote(stored)}')['cidr'] == stored
            api.no(400, {'cidr': 'no such IP/Network'}, 'GET', f'{base}/ipset/st/{quote(given)}')
            api.no(400, {'cidr': 'no such IP/Network'}, 'PUT', f'{base}/ipset/st/{quote(given)}', nomatch=1)
            api.ok('DELETE', f'{base}/ipset/st/{quote(given)}')
            api.no(400, {'cidr': f"address '{stored}' already exists"}, 'POST', f'{base}/ipset/st', cidr=given)
            api.no(500, CHANGED, 'DELETE', f'{base}/ipset/st/{quote(stored)}', digest=BAD)
            api.ok('DELETE', f'{base}/ipset/st/{quote(stored)}')
        assert api.get(f'{base}/ipset/st') == []


@quirk('members come back sorted; a zero prefix is refused; an alias must be there')
def members(api):
    api.ok('POST', f'{C}/ipset', name='st')
    api.ok('POST', f'{C}/aliases', name='al', cidr='10.0.0.1')
    for cidr in ('al', '10.9.0.0/16', '10.1.0.0/16', 'dc/al', 'fd00::/64'):
        api.ok('POST', f'{C}/ipset/st', cidr=cidr)
    assert [m['cidr'] for m in api.get(f'{C}/ipset/st')] == ['10.1.0.0/16', '10.9.0.0/16', 'al', 'dc/al', 'fd00::/64']
    api.no(400, {'cidr': 'a zero prefix is not allowed in ipset entries'}, 'POST', f'{C}/ipset/st', cidr='0.0.0.0/0')
    api.no(500, "no such alias 'nosuch'", 'POST', f'{C}/ipset/st', cidr='dc/nosuch')
    api.no(400, {'cidr': 'invalid format - value does not look like a valid IP address or CIDR network\n'}, 'POST', f'{C}/ipset/st', cidr='10.0.0.300')


@quirk('deleting an alias in use is allowed: the rules and members that name it say so')
def alias_in_use(api):
    api.ok('POST', f'{V}/aliases', name='al', cidr='10.0.0.1')
    api.ok('POST', f'{V}/ipset', name='st')
    api.ok('POST', f'{V}/ipset/st', cidr='al')
    api.add(f'{V}/rules', {'source': 'guest/al'})
    api.ok('DELETE', f'{V}/aliases/al')
    assert api.get(f'{V}/rules')[0]['errors'] == {'source': "no such alias 'guest/al'"}
    assert api.get(f'{V}/ipset/st')[0]['errors'] == {'cidr': "no such alias 'al'"}


@quirk('ipset DELETE needs force=1 when it is not empty; in use it goes and the rules say so')
def set_in_use(api):
    for base in (C, V, T):
        api.ok('POST', f'{base}/ipset', name='st')
        api.ok('POST', f'{base}/ipset/st', cidr='10.0.0.1')
        api.add(f'{base}/rules', {'source': '+st'})
        api.no(500, "IPSet 'st' is not empty", 'DELETE', f'{base}/ipset/st')
        api.ok('DELETE', f'{base}/ipset/st', force=1)
        assert api.get(f'{base}/rules')[0]['errors'] == {'source': "no such ipset 'st'"}
        api.no(500, "no such IPSet 'st'", 'DELETE', f'{base}/ipset/st')
        api.clear_rules(f'{base}/rules')


@quirk('group DELETE refuses one that is not empty or not there')
def group_delete(api):
    api.ok('POST', f'{C}/groups', group='gr')
    api.add(f'{C}/groups/gr', 'a')
    api.no(500, "Security group 'gr' is not empty", 'DELETE', f'{C}/groups/gr')
    api.ok('DELETE', f'{C}/groups/gr/0')
    api.ok('DELETE', f'{C}/groups/gr')
    api.no(500, "no such security group 'gr'", 'DELETE', f'{C}/groups/gr')


@quirk("action of type group is the group's name, whether it is there or not; only iface and comment stay beside it")
def group_action(api):
    for path in LISTS[:4]:
        api.add(path, {'type': 'group', 'action': 'nosuch', 'source': '10.0.0.1', 'proto': 'tcp', 'dport': '22', 'log': 'info',
                       'comment': 'why', 'iface': 'net0'})
        assert set(api.get(path)[0]) - {'digest', 'pos'} == {'type', 'action', 'enable', 'iface', 'comment'}, api.get(path)


@quirk('macro and proto or dport contradict each other unless they are equal')
def macro_contradiction(api):
    path = f'{C}/rules'
    api.ok('POST', path, type='in', action='ACCEPT', macro='SSH', proto='tcp', dport='22')
    api.ok('POST', path, type='in', action='ACCEPT', macro='Web', proto='tcp')
    api.no(400, {'proto': "parameter 'proto' already define in macro (value = 'tcp')"}, 'POST', path, type='in', action='ACCEPT', macro='SSH', proto='udp')
    api.no(400, {'dport': "parameter 'dport' already define in macro (value = '22')"}, 'POST', path, type='in', action='ACCEPT', macro='SSH', proto='tcp', dport='23')
    api.no(400, {'macro': "unknown macro 'Nope'"}, 'POST', path, type='in', action='ACCEPT', macro='Nope')
    assert len(api.get(f'{C}/macros')) == 86


@quirk('cluster option log_ratelimit is one string')
def log_ratelimit(api):
    for text in ('enable=0', '1,rate=5/hour', 'burst=9,enable=1,rate=2/day'):
        api.ok('PUT', f'{C}/options', log_ratelimit=text)
        assert api.get(f'{C}/options')['log_ratelimit'] == text
    assert api.ask('PUT', f'{C}/options', log_ratelimit='rate=5')[0] == 400
    assert api.ask('PUT', f'{C}/options', log_ratelimit='enable=1,rate=5/year')[0] == 400


@quirk("cluster option enable above 1 is stored as the server's own time; elsewhere it is a boolean")
def enable_time(api):
    api.ok('PUT', f'{C}/options', policy_in='ACCEPT')
    for value in (2, 7, 99999999999):
        api.ok('PUT', f'{C}/options', enable=value)
        assert 1500000000 < api.get(f'{C}/options')['enable'] < 99999999999
    api.ok('PUT', f'{C}/options', enable=0)
    for base in (H, V, T, N):
        api.no(400, {'enable': "type check ('boolean') failed - got '2'"}, 'PUT', f'{base}/options', enable=2)


@quirk('a rule written with enable above 1 comes back as 1, comments without blanks around them')
def written_back(api):
    api.add(f'{H}/rules', {'enable': 5, 'comment': '  a  b # c '})
    rule = api.get(f'{H}/rules')[0]
    assert rule['enable'] == 1 and rule['comment'] == 'a  b # c'
    api.ok('PUT', f'{H}/rules/0', comment='   ')
    assert 'comment' not in api.get(f'{H}/rules')[0]


@quirk('there is no bulk call')
def no_bulk(api):
    for path in LISTS:
        for method in ('PUT', 'DELETE'):
            status, reason, _ = api.ask(method, path)
            assert (status, reason) == (501, f"Method '{method} {path}' not implemented")


@quirk('the firewall of a guest that is not there is empty, that of a vnet an error')
def missing(api):
    assert api.get('/nodes/pve/qemu/4444/firewall/rules') == [] and api.get('/nodes/pve/lxc/4444/firewall/rules') == []
    words = 'invalid vnet specified at /usr/share/perl5/PVE/API2/Firewall/Helpers.pm line 54.'
    for path in ('options', 'rules', 'rules/0'):
        api.no(500, words, 'GET', f'/cluster/sdn/vnets/nosuch/firewall/{path}')


@quirk('a guest finds its own alias first, dc/ is the cluster\'s; a set may be in any scope')
def scopes(api):
    api.ok('POST', f'{C}/aliases', name='al', cidr='fd00::1')
    api.ok('POST', f'{T}/aliases', name='al', cidr='10.0.0.1')
    api.ok('POST', f'{C}/ipset', name='st')
    api.add(f'{T}/rules', {'source': 'al'}, {'source': 'dc/al'}, {'source': 'guest/al'}, {'source': '+guest/st'}, {'source': '+sdn/dmz-all'})
    assert [r.get('ipversion') for r in api.get(f'{T}/rules')] == [4, 6, 4, None, None]
    assert not [r for r in api.get(f'{T}/rules') if 'errors' in r]
    api.no(400, {'source': "no such ipset 'nosuch-all'"}, 'POST', f'{T}/rules', type='in', action='ACCEPT', source='+sdn/nosuch-all')


@quirk('refs name sets and aliases with their scope')
def refs(api):
    api.ok('POST', f'{C}/aliases', name='Al', cidr='10.0.0.1', comment='why')
    api.ok('POST', f'{T}/ipset', name='st')
    seen = {(r['scope'], r['type'], r['ref'], r.get('comment')) for r in api.get(f'{T}/refs') if r['scope'] != 'sdn'}
    assert seen == {('dc', 'alias', 'al', 'why'), ('guest', 'ipset', '+st', None)}, seen
    assert {r['ref'] for r in api.get(f'{C}/refs') if r['scope'] == 'sdn'} == {'+dmz-all', '+dmz-gateway', '+dmz-no-gateway', '+dmz-dhcp'}


@quirk('one alias that mixes families in a rule is an error of its own')
def mixed(api):
    api.ok('POST', f'{C}/aliases', name='v6', cidr='fd00::1')
    api.no(500, 'detected mixed ipv4/ipv6 addresses in rule', 'POST', f'{C}/rules', type='in', action='ACCEPT', source='10.0.0.1', dest='v6')
    api.no(400, {'dest': 'detected mixed ipv4/ipv6 addresses in rule'}, 'POST', f'{C}/rules', type='in', action='ACCEPT', source='10.0.0.1', dest='fd00::2')
    api.no(400, {'source': "invalid format - detected mixed ipv4/ipv6 addresses in address list '10.0.0.1,fd00::1'\n"}, 'POST', f'{C}/rules', type='in', action='ACCEPT', source='10.0.0.1,fd00::1')


@quirk('what the formats of a rule refuse')
def formats(api):
    tcp, icmp = {'proto': 'tcp'}, {'proto': 'icmp'}
    cases = [({'dport': '80'}, 'proto', "missing property - 'dport' requires this property"),
             ({'sport': '80'}, 'proto', "missing property - 'sport' requires this property"),
             ({'icmp-type': 'any'}, 'proto', "missing property - 'icmp-type' requires this property"),
             ({'dport': '80', 'proto': 'gre'}, 'dport', "protocol 'gre' does not support ports"),
             ({'dport': '90:80', **tcp}, 'dport', "invalid format - backwards range '90:80' not allowed, did you mean '80:90'?\n"),
             ({'dport': '1,2,3,4,5,6,7,8,9,10,11,12,13,14:15,16', **tcp}, 'dport', 'invalid format - too many entries in port list (> 15 numbers)\n'),
             ({'dport': '70000', **tcp}, 'dport', "invalid format - invalid port '70000'\n"),
             ({'dport': 'ssh,frob', **tcp}, 'dport', "invalid format - invalid port 'frob'\n"),
             ({'dport': '80,', **tcp}, 'dport', 'invalid format - extraneous commas in list\n'),
             ({'icmp-type': 'frob', **icmp}, 'icmp-type', "invalid format - invalid icmp-type value 'frob'\n"),
             ({'icmp-type': 'no-route', **icmp}, 'icmp-type', "invalid icmp-type 'no-route' for proto 'icmp'"),
             ({'icmp-type': 'any', 'dport': 'any', **icmp}, 'icmp-type', "'icmp-type' cannot be specified together with 'dport'"),
             ({'source': '10.0.0.5/24'}, 'source', f'invalid format - invalid IP address: Invalid prefix {0x0a000005:032b}/24\n'),
             ({'source': '10.0.0.1-10.0.0.2,10.0.0.9'}, 'source', "invalid format - you can't use a range in a list\n"),
             ({'source': 'nosuch'}, 'source', "no such alias 'nosuch'"), ({'dest': '+nosuch'}, 'dest', "no such ipset 'nosuch'"),
             ({'log': 'loud'}, 'log', "value 'loud' does not have a value in the enumeration 'emerg, alert, crit, err, warning, notice, info, debug, nolog'"),
             ({'action': 'DENY'}, 'action', "unknown action 'DENY'")]
    for param, name, words in cases:
        api.no(400, {name: words}, 'POST', f'{C}/rules', **({'type': 'in', 'action': 'ACCEPT'} | param))
