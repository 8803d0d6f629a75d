"""rest_api.py: the levels of the firewall's REST interface with their options, and the node as the tests of it see it."""
import json

import frame

CIDR = '10.1.0.0%2F16'
NOBODY = 'nobody@pve!none'
DIGEST = object()  # the list's or object's own
BAD = '0' * 40
CHANGED = 'detected modified configuration - file changed by other user? Try again.'

LEVELS = {  # prefix, who may read, who may write
    'cluster': ('/cluster/firewall', ('Sys.Audit', '/'), ('Sys.Modify', '/')),
    'node': ('/nodes/pve/firewall', ('Sys.Audit', '/nodes/pve'), ('Sys.Modify', '/nodes/pve')),
    'qemu': ('/nodes/pve/qemu/9000/firewall', ('VM.Audit', '/vms/9000'), ('VM.Config.Network', '/vms/9000')),
    'lxc': ('/nodes/pve/lxc/8000/firewall', ('VM.Audit', '/vms/8000'), ('VM.Config.Network', '/vms/8000')),
    'vnet': ('/cluster/sdn/vnets/dmz/firewall', ('SDN.Audit', '/sdn/zones/home/dmz'), ('SDN.Allocate', '/sdn/zones/home/dmz')),
}
NAMED = ('cluster', 'qemu', 'lxc')
LEVEL = {'log_level_in': 'info', 'log_level_out': 'nolog'}
GUEST = {'enable': 1, 'dhcp': 0, 'ndp': 0, 'radv': 1, 'macfilter': 0, 'ipfilter': 1, 'policy_in': 'ACCEPT', 'policy_out': 'REJECT', **LEVEL}
OPTIONS = {
    'cluster': {'enable': 1, 'ebtables': 0, 'policy_in': 'REJECT', 'policy_out': 'DROP', 'policy_forward': 'DROP',
                'log_ratelimit': 'enable=1,burst=7,rate=3/minute'},
    'node': {'enable': 0, **LEVEL, 'log_level_forward': 'err', 'tcp_flags_log_level': 'alert', 'smurf_log_level': 'crit', 'nosmurfs': 0,
             'tcpflags': 1, 'ndp': 0, 'nf_conntrack_max': 32768, 'nf_conntrack_tcp_timeout_established': 7875,
             'nf_conntrack_tcp_timeout_syn_recv': 30, 'nf_conntrack_allow_invalid': 1, 'nf_conntrack_helpers': 'ftp,sip',
             'protection_synflood': 1, 'protection_synflood_rate': 100, 'protection_synflood_burst': 500, 'log_nf_conntrack': 1,
             'nftables': 1},
    'qemu': GUEST,
    'lxc': GUEST,
    'vnet': {'enable': 1, 'policy_forward': 'DROP', 'log_level_forward': 'debug'},
}


class Api:
    """The node as the account that may do all, with what the tests look at."""

    def __init__(self):
        self.node = frame.Node()
        self.node.call('POST', '/access/users', userid='nobody@pve')
        secret = self.node.call('POST', '/access/users/nobody@pve/token/none', privsep=0)['value']
        self.other = frame.Node()
        self.other.headers = {'Authorization': f'PVEAPIToken={NOBODY}={secret}'}
        self.granted = set()

    def ask(self, method, path, /, **param):
        return self.answer(self.node, method, path, param)

    @staticmethod
    def answer(node, method, path, param):
        status, reason, text = node.ask(method, path, **param)
        return status, reason, json.loads(text)

    def get(self, path):
        return self.node.get(path)

    def ok(self, method, path, /, **param):
        return self.node.call(method, path, **param)

    def no(self, status, words, method, path, /, **param):
        """Refused with that status; `words` are in the reason or in the errors of parameters."""
        seen, reason, body = self.ask(method, path, **param)
        assert seen == status, f'{method} {path} {param}: {seen} {reason} {body}, not {status}'
        told = body.get('errors', reason)
        assert told == words, f'{method} {path} {param}: says {told!r}, not {words!r}'

    def grant(self, privilege, path):
        role = 'Only' + privilege.replace('.', '')
        if role not in self.granted:
            self.ok('POST', '/access/roles', roleid=role, privs=privilege)
            self.granted.add(role)
        self.ok('PUT', '/access/acl', path=path, users='nobody@pve', roles=role)
        return lambda: self.ok('PUT', '/access/acl', path=path, users='nobody@pve', roles=role, delete=1)

    def add(self, prefix, *rules, **more):
        """POSTs rules so that they stand in that order; each is its comment or a dict."""
        for r in reversed(rules):
            r = r if isinstance(r, dict) else {'comment': r}
            kind = 'forward' if 'vnets' in prefix else 'in'
            self.ok('POST', prefix, **({'type': kind, 'action': 'ACCEPT', 'enable': 1} | r | more))

    def comments(self, prefix):
        return [r.get('comment') for r in self.get(prefix)]

    def clear_rules(self, prefix):
        for _ in self.get(prefix):
            self.ok('DELETE', f'{prefix}/0')

    def wipe(self, levels=tuple(LEVELS)):
        for level in levels:
            prefix = LEVELS[level][0]
            self.clear_rules(f'{prefix}/rules')
            options = set(self.get(f'{prefix}/options')) - {'digest'}
            if options:
                self.ok('PUT', f'{prefix}/options', delete=','.join(options))
            if level not in NAMED:
                continue
            for o in self.get(f'{prefix}/ipset'):
                self.ok('DELETE', f'{prefix}/ipset/{o["name"]}', force=1)
            for o in self.get(f'{prefix}/aliases'):
                self.ok('DELETE', f'{prefix}/aliases/{o["name"]}')
        for o in self.get('/cluster/firewall/groups') if 'cluster' in levels else ():
            self.clear_rules(f'/cluster/firewall/groups/{o["group"]}')
            self.ok('DELETE', f'/cluster/firewall/groups/{o["group"]}')

    def fill(self, level):
        prefix = LEVELS[level][0]
        self.add(f'{prefix}/rules', 'first', 'second')
        if level in NAMED:
            self.ok('POST', f'{prefix}/aliases', name='al', cidr='10.1.0.0/16')
            for name in ('st', 'bare'):
                self.ok('POST', f'{prefix}/ipset', name=name)
            self.ok('POST', f'{prefix}/ipset/st', cidr='10.1.0.0/16')
        if level == 'cluster':
            for name in ('gr', 'bare'):
                self.ok('POST', f'{prefix}/groups', group=name)
            self.add(f'{prefix}/groups/gr', 'first', 'second')

    def digest(self, path, method):
        """What a write to that path compares with."""
        data = self.get(path if method == 'POST' or path.endswith('/options') else path.rpartition('/')[0])
        return (data[0] if isinstance(data, list) else data)['digest']
