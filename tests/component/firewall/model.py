"""model.py: random firewalls as a node stores them, the ways to write them down, and what it costs to change them.

A firewall is {place: file}, a place (level, id). A file has
    options  {key: value}
    aliases  {name: (cidr, comment)}
    ipset    {name: (comment, {cidr: (nomatch, comment)})}
    groups   {name: (comment, [rule])}
    rules    [rule]                a rule is a dict of the API's fields, all of them text
Another level is one more row of LEVELS.
"""
import copy
import ipaddress
import json

BOOL = ('0', '1')
LOGS = ('emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug', 'nolog')
POLICIES = ('ACCEPT', 'REJECT', 'DROP')
FORWARD = ('ACCEPT', 'DROP')

LEVELS = {
    'cluster': {
        'api': '/cluster/firewall', 'yaml': 'cluster', 'file': 'cluster.fw', 'names': True, 'groups': True,
        'types': ('in', 'out', 'forward', 'group'), 'ifaces': ('vmbr0', 'eno1'),
        'options': {'ebtables': BOOL, 'policy_in': POLICIES, 'policy_out': POLICIES, 'policy_forward': FORWARD,
                    'log_ratelimit': ('enable=1,rate=2/minute,burst=7', 'enable=0', '1,rate=3/hour', '1,burst=9')}},
    'host': {
        'api': '/nodes/{}/firewall', 'yaml': 'nodes', 'file': '{}/host.fw', 'names': False, 'groups': False,
        'types': ('in', 'out', 'forward', 'group'), 'ifaces': ('vmbr0', 'eno2'),
        'options': {'enable': BOOL, 'nosmurfs': BOOL, 'tcpflags': BOOL, 'ndp': BOOL, 'log_nf_conntrack': BOOL,
                    'nf_conntrack_allow_invalid': BOOL, 'protection_synflood': BOOL, 'protection_synflood_rate': ('1', '250'),
                    'protection_synflood_burst': ('900', '1200'), 'nf_conntrack_max': ('32768', '400000'),
                    'nf_conntrack_tcp_timeout_established': ('7875', '86400'), 'nf_conntrack_tcp_timeout_syn_recv': ('30', '60'),
                    'nf_conntrack_helpers': ('ftp', 'sip,tftp', 'netbios-ns,pptp,snmp'), 'nftables': BOOL,
                    'log_level_in': LOGS, 'log_level_out': LOGS, 'log_level_forward': LOGS, 'tcp_flags_log_level': LOGS,
                    'smurf_log_level': LOGS}},
    'guest': {
        'api': '/nodes/pve/qemu/{}/firewall', 'yaml': 'guests', 'file': '{}.fw', 'names': True, 'groups': False,
        'types': ('in', 'out', 'group'), 'ifaces': ('net0', 'net1'),
        'options': {'enable': BOOL, 'dhcp': BOOL, 'ndp': BOOL, 'radv': BOOL, 'macfilter': BOOL, 'ipfilter': BOOL,
                    'policy_in': POLICIES, 'policy_out': POLICIES, 'log_level_in': LOGS, 'log_level_out': LOGS}},
}
LEVELS['container'] = LEVELS['guest'] | {'api': '/nodes/pve/lxc/{}/firewall'}
LEVELS['vnet'] = {
    'api': '/cluster/sdn/vnets/{}/firewall', 'yaml': 'vnets', 'file': 'sdn/{}.fw', 'names': False, 'groups': False, 'types': ('forward', 'group'), 'ifaces': (),
    'options': {'enable': BOOL, 'policy_forward': FORWARD, 'log_level_forward': LOGS}}
PLACES = (('cluster', None), ('host', 'pve'), ('guest', '9000'), ('container', '8000'), ('vnet', 'dmz'))
CLUSTER = PLACES[0]

NETS = {4: ['10.0.0.0/8', '10.1.2.3', '192.168.7.0/24', '172.16.0.0/12', '10.9.9.9', '192.0.2.0/25', '10.7.0.1/16'],
        6: ['fd00:1::/64', '2001:db8::5', 'fd00:2::/48', 'fd00:3::1/56', '2001:db8:1::/127']}
RANGES = {4: ['10.9.9.1-10.9.9.9', '192.168.1.10-192.168.1.20'], 6: ['fd00:1::1-fd00:1::9']}
WHOLE = {4: '/32', 6: '/128'}  # written, but not stored
NAMES = ('office', 'home', 'lab-1', 'Admin_7', 'dmz', 'web', 'a1', 'backup')
MACROS = ('SSH', 'HTTP', 'Web', 'SMTP', 'DNS', 'Ping', 'NTP', 'PostgreSQL', 'SMB', 'Mail')
COMMENTS = ('the shop', 'a # b', '#1', 'ünïcödé ☃ 日本', 'quote \' " \\ end', '100% & more=1;', '- a: b', '[RULES]', '{x}', '|IN DROP',
            'two  blanks', 'x' * 70, '00', 'null', '~', '+1', 'tab\tinside', '1e3')
PORTS = ('22', '80,443', '1024:65535', '5900:5999,3128', 'ssh', 'domain,123', '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15')
ICMP = {'icmp': ('echo-request', 'fragmentation-needed', 'any'), 'ipv6-icmp': ('echo-reply', 'packet-too-big', 'neighbor-solicitation')}
FIELDS = ('iface', 'source', 'dest', 'proto', 'dport', 'sport', 'log', 'icmp-type')


def empty():
    return {'options': {}, 'aliases': {}, 'ipset': {}, 'groups': {}, 'rules': []}


def family(cidr):
    return 6 if ':' in cidr else 4


def member_form(cidr):
    """A member as the API stores it: host bits cleared, a whole address without its length."""
    if '/' not in cidr:
        return cidr
    net = ipaddress.ip_network(cidr, strict=False)
    return str(net.network_address) if net.prefixlen == net.max_prefixlen else str(net)


def maybe(r, p, pool, otherwise=None):
    return r.choice(pool) if r.random() < p else otherwise


class Maker:
    """Makes the parts of one file of a firewall."""

    def __init__(self, r, fw, place):
        self.r, self.fw, self.place, self.level, self.file = r, fw, place, LEVELS[place[0]], fw[place]

    def comment(self, p=0.3):
        return maybe(self.r, p, COMMENTS)

    def names(self, part):
        """(text in a rule, value) of the aliases or sets that this file may name."""
        cluster, own = self.fw.get(CLUSTER, empty()), self.file
        found = [(scope + k, v) for k, v in cluster[part].items() for scope in ('dc/', '') if scope or k not in own[part] or own is cluster]
        if self.place != CLUSTER and self.level['names']:
            found += [(scope + k, v) for k, v in own[part].items() for scope in ('guest/', '')]
        return found

    def alias_family(self, text):
        return next((family(v[0]) for k, v in self.names('aliases') if k.lower() == text.lower()), 0)

    def option(self, key):
        return self.r.choice(self.level['options'][key])

    def alias(self):
        return self.r.choice(NETS[self.r.choice((4, 4, 6))]), self.comment()

    def member(self):
        r = self.r
        aliases = [k for k, _ in self.names('aliases')]
        cidr = r.choice(aliases) if aliases and r.random() < 0.3 else member_form(r.choice(NETS[r.choice((4, 4, 6))]))
        return cidr, (r.random() < 0.2, self.comment())

    def set(self):
        return self.comment(), dict(self.member() for _ in range(self.r.randint(0, 5)))

    def address(self, fam):
        r, kind = self.r, self.r.random()
        aliases = [k for k, v in self.names('aliases') if family(v[0]) == fam]
        sets = ['+' + k for k, _ in self.names('ipset')]
        if kind < 0.25 and aliases:
            return r.choice(aliases)
        if kind < 0.5 and sets:
            return r.choice(sets)
        if kind < 0.6:
            return r.choice(RANGES[fam])
        return ','.join(map(member_form, r.sample(NETS[fam], r.choice((1, 1, 1, 2, 3)))))

    def rule(self, in_group=False):
        r = self.r
        kind = r.choice([t for t in self.level['types'] if t != 'group']) if in_group else r.choice(self.level['types'])
        groups = list(self.fw.get(CLUSTER, empty())['groups'])
        if kind == 'group' and not groups:
            kind = self.level['types'][0]
        rule = {'type': kind, 'enable': maybe(r, 0.2, '0', '1'), 'comment': self.comment(), 'iface': None if in_group or not self.level['ifaces'] else maybe(r, 0.2, self.level['ifaces'])}
        if kind == 'group':
            return tidy(rule | {'action': r.choice(groups)})
        fam = r.choice((4, 4, 4, 6))
        rule |= {'action': r.choice(FORWARD if kind == 'forward' else POLICIES), 'log': maybe(r, 0.3, LOGS)}
        rule |= {side: self.address(fam) for side in ('source', 'dest') if r.random() < 0.4}
        shape = r.random()
        if shape < 0.3:
            rule['macro'] = r.choice(MACROS)
        elif shape < 0.65:
            rule |= {'proto': r.choice(('tcp', 'udp', 'sctp')), 'dport': maybe(r, 0.7, PORTS), 'sport': maybe(r, 0.3, PORTS)}
        elif shape < 0.75:
            rule['proto'] = 'icmp' if fam == 4 else 'ipv6-icmp'
            rule['icmp-type'] = maybe(r, 0.8, ICMP[rule['proto']])
        elif shape < 0.8:
            rule['proto'] = r.choice(('gre', 'esp', '89'))
        return tidy(rule)

    def rules(self, n, in_group=False):
        made = [self.rule(in_group) for _ in range(self.r.randint(0, n))]
        return made + [self.r.choice(made) for _ in range(self.r.randint(0, 2)) if made]

    def whole(self):
        r, f = self.r, self.file
        f['options'] = {k: self.option(k) for k in self.level['options'] if r.random() < r.choice((0.2, 0.9))}
        if self.level['names']:
            f['aliases'] = {k: self.alias() for k in r.sample(NAMES, r.randint(0, 4))}
            f['ipset'] = {k.lower(): self.set() for k in r.sample(NAMES, r.randint(0, 3))}
        if self.level['groups']:
            f['groups'] = {k.lower(): (self.comment(), []) for k in r.sample(NAMES, r.randint(0, 3))}
            f['groups'] = {k: (c, self.rules(4, True)) for k, (c, _) in f['groups'].items()}
        f['rules'] = self.rules(8)

    # --- small changes ---

    def change(self):
        ops = [self.change_option, self.change_rules, self.change_rules]
        if self.level['names']:
            ops += [self.change_alias, self.change_set, self.rename]
        if self.level['groups']:
            ops += [self.change_group]
        self.r.choice(ops)()

    def change_option(self):
        key = self.r.choice(list(self.level['options']))
        if self.file['options'].pop(key, None) is None or self.r.random() < 0.5:
            self.file['options'][key] = self.option(key)

    def change_list(self, rules, in_group):
        r, op = self.r, self.r.random()
        at = r.randrange(len(rules)) if rules else 0
        if op < 0.35 or not rules:
            rules.insert(r.randint(0, len(rules)), r.choice(rules) if rules and r.random() < 0.2 else self.rule(in_group))
        elif op < 0.55:
            del rules[at]
        elif op < 0.75:
            rules.insert(r.randint(0, len(rules) - 1), rules.pop(at))
        elif op < 0.85:
            rules[at] = self.rule(in_group)
        else:  # one field
            rules[at] = tidy(rules[at] | r.choice(({'enable': '0'}, {'enable': '1'}, {'comment': self.comment(0.7)})))

    def change_rules(self):
        self.change_list(self.file['rules'], False)

    def change_alias(self):
        key = self.r.choice(NAMES)
        if self.file['aliases'].pop(key, None) is None or self.r.random() < 0.6:
            self.file['aliases'][key] = self.alias()

    def change_set(self):
        r, sets, key = self.r, self.file['ipset'], self.r.choice(NAMES).lower()
        if key not in sets:
            sets[key] = self.set()
        elif r.random() < 0.2:
            del sets[key]
        elif r.random() < 0.3:
            sets[key] = (self.comment(0.6), sets[key][1])
        else:
            cidr, rest = self.member()
            if sets[key][1].pop(cidr, None) is None or r.random() < 0.5:
                sets[key][1][cidr] = rest

    def change_group(self):
        r, groups, key = self.r, self.file['groups'], self.r.choice(NAMES).lower()
        if key not in groups:
            groups[key] = (self.comment(), self.rules(4, True))
        elif r.random() < 0.15:
            del groups[key]
        elif r.random() < 0.3:
            groups[key] = (self.comment(0.6), groups[key][1])
        else:
            self.change_list(groups[key][1], True)

    def rename(self):
        """The old name goes, the new one has its content, and all who name it follow."""
        r, part = self.r, self.r.choice(('aliases', 'ipset', 'groups'))
        names, new = self.file[part], self.r.choice(NAMES)
        new = new if part == 'aliases' else new.lower()
        if not names or new.lower() in [k.lower() for k in names]:
            return
        old = r.choice(list(names))
        names[new] = names.pop(old)
        follow(self.fw, part, old, new)


def tidy(rule):
    return {k: v for k, v in rule.items() if v is not None}


def bare(text):
    """The name in 'alias', 'dc/alias', '+set' and '+guest/set'; its scope."""
    scope, _, name = text.lstrip('+').rpartition('/')
    return scope, name


def lists(file):
    return [file['rules'], *(rules for _, rules in file['groups'].values())]


def follow(fw, part, old, new):
    for file in fw.values():
        for rules in lists(file):
            for i, x in enumerate(rules):
                x = dict(x)
                if part == 'groups' and x['type'] == 'group' and x['action'] == old:
                    x['action'] = new
                for side in ('source', 'dest'):
                    text = x.get(side, '')
                    if part != 'groups' and text.startswith('+') == (part == 'ipset') and bare(text)[1] == old:
                        x[side] = text[:-len(old)] + new
                rules[i] = x
        if part == 'aliases':
            for name, (comment, members) in file['ipset'].items():
                file['ipset'][name] = (comment, {k[:-len(old)] + new if bare(k)[1] == old else k: v for k, v in members.items()})


def mend(fw):
    """Drops what names something that is not there, and what mixes families: the program refuses such files."""
    for place, file in fw.items():
        m = Maker(None, fw, place)
        known = {k.lower() for k, _ in m.names('aliases')} | {'+' + k for k, _ in m.names('ipset')}
        for name, (comment, members) in file['ipset'].items():
            file['ipset'][name] = (comment, {k: v for k, v in members.items() if k[0].isdigit() or ':' in k or k.lower() in known})
        for rules in lists(file):
            rules[:] = [mend_rule(m, x, known) for x in rules if x['type'] != 'group' or x['action'] in fw[CLUSTER]['groups']]


def mend_rule(m, rule, known):
    rule = dict(rule)
    fam = {'icmp': 4, 'ipv6-icmp': 6}.get(rule.get('proto'), 0)
    for side in ('source', 'dest'):
        text = rule.get(side)
        if not text or text.startswith('+'):
            if text and text.lower() not in known:
                del rule[side]
            continue
        mine = 6 if ':' in text else 4 if text[0].isdigit() else m.alias_family(text)
        if not mine or (fam and mine != fam):
            del rule[side]
        fam = fam or mine
    return rule


def fresh(r):
    fw = {place: empty() for place in PLACES}
    for place in PLACES:
        Maker(r, fw, place).whole()
    mend(fw)
    return fw


def changed(r, fw):
    fw = copy.deepcopy(fw)
    for _ in range(r.randint(1, 8)):
        Maker(r, fw, r.choice(PLACES)).change()
    mend(fw)
    return fw


# --- the ways to write a firewall down ---

def cased(r, text):
    return r.choice((text, text, text, text.upper(), text.lower()))


def rule_line(r, rule, in_group=False):
    words = {'iface': ('-i',), 'source': ('-source', '--source'), 'dest': ('-dest', '--dest'), 'proto': ('-p', '-proto', '--proto'),
             'dport': ('-dport', '--dport'), 'sport': ('-sport', '--sport'), 'log': ('-log', '--log'), 'icmp-type': ('-icmp-type', '--icmp-type')}
    fields = [f'{r.choice(words[k])} {rule[k]}' for k in FIELDS if k in rule and not (in_group and k == 'iface')]
    r.shuffle(fields)
    action = f'{rule["macro"]}({rule["action"]})' if 'macro' in rule else rule['action']
    line = ' '.join([('|' if rule['enable'] == '0' else '') + cased(r, rule['type'].upper()), action, *fields])
    return line + (f' # {rule["comment"]}' if 'comment' in rule else '')


def native(r, file):
    out = ['# written by a test', '']

    def entry(text, comment):
        out.append(r.choice(('', '', '  ')) + text + (f' # {comment}' if comment else '') + r.choice(('', '', ' ')))

    if file['options']:
        out.append('[OPTIONS]')
        for k, v in r.sample(list(file['options'].items()), len(file['options'])):
            entry(f'{k}: {v}', None)
    if file['aliases']:
        out.append('[aliases]')
        for k, (cidr, comment) in file['aliases'].items():
            entry(f'{k} {written(r, cidr)}', comment)
    for k, (comment, members) in file['ipset'].items():
        out.append(f'[IPSET {cased(r, k)}]' + (f' # {comment}' if comment else ''))
        for cidr, (nomatch, text) in members.items():
            entry(('!' if nomatch else '') + written(r, cidr, True), text)
    for part in r.sample(('rules', 'groups'), 2):
        if part == 'rules' and file['rules']:
            out += ['', '[RULES]', ''] + [rule_line(r, x) for x in file['rules']]
        for k, (comment, rules) in file['groups'].items() if part == 'groups' else ():
            out += [f'[group {cased(r, k)}]' + (f' # {comment}' if comment else '')] + [rule_line(r, x, True) for x in rules]
    return '\n'.join(out) + '\n'


def written(r, cidr, member=False):
    """Another spelling that the node stores as `cidr`."""
    if not cidr[0].isdigit() and ':' not in cidr:
        return cidr
    if '/' not in cidr:
        return cidr + maybe(r, 0.3, (WHOLE[family(cidr)],), '')
    if member and r.random() < 0.3:
        net = ipaddress.ip_network(cidr)
        return f'{net[-1]}/{net.prefixlen}'
    return cidr


def yaml_rule(r, rule, in_group):
    if r.random() < 0.5:
        return rule_line(r, rule, in_group)
    x = {k: v for k, v in rule.items() if k != 'enable'}
    if rule['enable'] == '0' or r.random() < 0.5:
        x['enable'] = r.choice((rule['enable'], int(rule['enable']), rule['enable'] == '1'))
    return x


def yaml_file(r, level, file):
    out = {'options': {k: r.choice((v == '1', v, int(v))) if level['options'].get(k) == BOOL else v for k, v in file['options'].items()},
           'rules': [yaml_rule(r, x, False) for x in file['rules']]}

    def address(cidr, comment, nomatch=False):
        if comment is None and r.random() < 0.7:
            return ('!' if nomatch else '') + cidr
        return {'cidr': cidr} | ({'comment': comment} if comment is not None else {}) | ({'nomatch': nomatch} if nomatch else {})

    def named(key, comment, entries):
        return entries if comment is None and r.random() < 0.7 else {key: entries} | ({'comment': comment} if comment is not None else {})

    out['aliases'] = {k: address(written(r, cidr), comment) for k, (cidr, comment) in file['aliases'].items()}
    out['ipsets'] = {cased(r, k): named('members', comment, [address(written(r, cidr, True), text, nomatch) for cidr, (nomatch, text) in members.items()])
                     for k, (comment, members) in file['ipset'].items()}
    out['groups'] = {cased(r, k): named('rules', comment, [yaml_rule(r, x, True) for x in rules]) for k, (comment, rules) in file['groups'].items()}
    return {k: v for k, v in out.items() if v}


def write(r, frame, name, fw):
    """One of the two forms, below `name`; the path to give to the program."""
    if r.random() < 0.5:
        for place, file in fw.items():
            frame.write(f'{name}/' + LEVELS[place[0]]['file'].format(place[1]), native(r, file))
        return f'{frame.dir}/{name}'
    out = {}
    for place, file in fw.items():
        level = LEVELS[place[0]]
        if place[1]:
            out.setdefault(level['yaml'], {})[place[1]] = yaml_file(r, level, file)
        else:
            out[level['yaml']] = yaml_file(r, level, file)
    return frame.write(f'{name}.yaml', json.dumps({'pveprov': 1, 'firewall': out}, ensure_ascii=r.random() < 0.5, indent=r.choice((None, 1))))


# --- the node's own word ---

def plain(o):
    return {k: str(v) for k, v in o.items() if k not in ('digest', 'pos', 'ipversion', 'errors', 'name', 'group')}


def read_rules(node, path):
    return [{'enable': '0'} | plain(x) for x in node.get(path)]


def read(node, place):
    level = LEVELS[place[0]]
    base, file = level['api'].format(place[1]), empty()
    file['options'] = plain(node.get(f'{base}/options'))
    file['rules'] = read_rules(node, f'{base}/rules')
    if level['names']:
        file['aliases'] = {a['name']: (a['cidr'], a.get('comment')) for a in node.get(f'{base}/aliases')}
        for s in node.get(f'{base}/ipset'):
            members = {m['cidr']: (m.get('nomatch', 0) == 1, m.get('comment')) for m in node.get(f'{base}/ipset/{s["name"]}')}
            file['ipset'][s['name']] = s.get('comment'), members
    if level['groups']:
        file['groups'] = {g['group']: (g.get('comment'), read_rules(node, f'{base}/groups/{g["group"]}')) for g in node.get(f'{base}/groups')}
    return file


# --- what it costs ---

def list_cost(a, b):
    """The fewest calls by insertions, deletions and changes in place; a new rule comes first, elsewhere it needs a move, too."""
    inf = len(a) + 2 * len(b) + 1
    cost = {True: [[inf] * (len(b) + 1) for _ in range(len(a) + 1)], False: [[inf] * (len(b) + 1) for _ in range(len(a) + 1)]}
    for i in range(len(a), -1, -1):
        for j in range(len(b), -1, -1):
            for head in (False, True):
                ways = [0] if i == len(a) and j == len(b) else []
                if i < len(a):
                    ways.append(cost[head][i + 1][j] + 1)
                if j < len(b):
                    # nothing is left that it stands behind, or before: at the end of all deletions the head is the end
                    ways.append(cost[head][i][j + 1] + (1 if head else 2))
                if i < len(a) and j < len(b):
                    ways.append(cost[False][i + 1][j + 1] + (a[i] != b[j]))
                cost[head][i][j] = min(ways)
    return cost[True][0][0]


def misfits(fw, wanted, place, rules):
    """How many of the rules an alias's new address makes mix the families: the node drops them when it reads the file."""
    scopes = [wanted[CLUSTER]['aliases'], fw[CLUSTER]['aliases']]
    own = [wanted[place]['aliases'], fw[place]['aliases']] if place != CLUSTER and LEVELS[place[0]]['names'] else [{}, {}]

    def alias(text):
        scope, name = bare(text)
        found = [a[name] for a in scopes if name in a] if scope != 'guest' else []
        mine = [a[name] for a in own if name in a] if scope != 'dc' else []
        if mine and name not in own[0] and name in scopes[0]:
            mine = []  # it goes at once: what names it means the cluster's then
        return family([*mine, *found][0][0]) if mine or found else 0

    n = 0
    for x in rules:
        fam = {'icmp': 4, 'ipv6-icmp': 6}.get(x.get('proto'), 0)
        for text in (x.get('source', '+'), x.get('dest', '+')):
            literal = text[0].isdigit() or ':' in text
            new = 0 if text[0] == '+' else family(text) if literal else alias(text)
            if not literal and fam and new and new != fam:
                n += 1
                break
            fam = fam or new
    return n


def cost(a, b, drops=lambda rules: 0):
    """Calls that suffice from one file to another; a rule that must go first is deleted and made again."""
    n = int(a['options'] != b['options'])
    n += sum(a['aliases'].get(k) != b['aliases'].get(k) for k in {*a['aliases'], *b['aliases']})
    n += list_cost(a['rules'], b['rules']) + 3 * drops(a['rules'])
    for part, none in (('ipset', {}), ('groups', [])):
        for k in {*a[part], *b[part]}:
            (was, x), (then, y) = a[part].get(k, (None, none)), b[part].get(k, (None, none))
            n += (k in a[part]) != (k in b[part]) or was != then
            n += sum(x.get(m) != y.get(m) for m in {*x, *y}) if part == 'ipset' else list_cost(x, y) + 3 * drops(x)
    return n
