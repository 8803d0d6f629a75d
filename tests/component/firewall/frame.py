"""frame.py: what the firewall's component tests share: a lab of their own, the program, the node's own word, a tap.

`start` runs the test again below with-lab, in a directory that goes at the end.
"""
import fcntl
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

CLIENT = '192.168.50.7'
US = 'root@pam!lab'  # the account that the tests use; the program takes another one


class Frame:
    def __init__(self, pveprov):
        self.pveprov, self.dir = os.path.abspath(pveprov), os.environ['FW_DIR']

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return path

    def run(self, *args):
        p = subprocess.run([self.pveprov, '--lab', *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        return p.returncode, p.stdout, p.stderr

    def expect(self, status, *args):
        code, out, err = self.run(*args)
        if code != status:
            sys.exit(f'{" ".join(args)} ended with {code}, not {status}:\n{out}{err}')
        return out + err


class Refused(Exception):
    """The node's answer is not 200."""


class Node:
    """The node's API without the program: one connection at a time, as the account US unless told otherwise."""

    def __init__(self, who=US):
        with open(os.environ['LAB_JSON'], encoding='utf-8') as f:
            lab = json.load(f)
        secret = next(a['secret'] for a in lab['accounts'] if a.get('token') == who)
        self.headers = {'Authorization': f'PVEAPIToken={who}={secret}'}
        self.address, self.tls, self.line = lab['endpoint'].rpartition('/')[2], ssl.create_default_context(cafile=lab['ca']), None
        self.tls.check_hostname = False

    def call(self, method, path, /, **param):
        return self.answer(method, path, **param)['data']

    def answer(self, method, path, /, **param):
        status, reason, text = self.ask(method, path, **param)
        if status != 200:
            raise Refused(f'{method} {path} {param}: {status} {reason} {text[:300]!r}')
        return json.loads(text)

    def ask(self, method, path, /, **param):
        """Status, reason and body of the answer, whatever they are."""
        body = urllib.parse.urlencode({k.replace('icmp_type', 'icmp-type'): v for k, v in param.items()})
        headers, target = dict(self.headers), '/api2/json' + path
        if method in ('GET', 'DELETE') and body:
            target, body = f'{target}?{body}', ''
        elif body:
            headers['Content-Type'] = 'application/x-www-form-urlencoded'
        line = self.line or http.client.HTTPSConnection(self.address, context=self.tls, timeout=60)
        line.request(method, target, body or None, headers)
        answer = line.getresponse()
        text = answer.read()
        self.line = None if answer.will_close else line
        return answer.status, answer.reason, text

    def get(self, path):
        return self.call('GET', path)

    def rest(self):
        """The node closes what is idle; the next call makes a new connection."""
        if self.line:
            self.line.close()
        self.line = None


class Tap:
    """Is told every call; `log` has those of the program. `before[k]` is called just before its k-th write
    (set for the next run as `before_next`)."""

    def __init__(self):
        self.log, self.writes, self.before, self.before_next, self.failure = [], 0, {}, {}, None
        self.door = socket.socket(fileno=int(os.environ['FW_TAP']))
        threading.Thread(target=self.listen, daemon=True).start()

    def reset(self):
        self.log, self.writes = [], 0
        self.before, self.before_next = self.before_next, {}

    def listen(self):
        line = self.door.accept()[0]
        for text in line.makefile(encoding='utf-8'):
            call = json.loads(text)
            edit = None
            if call['who'] != US:
                self.log.append(call)
                self.writes += call['method'] != 'GET'
                edit = self.before.pop(self.writes, None) if call['method'] != 'GET' else None
            if edit:
                threading.Thread(target=self.pause, args=(line, call, edit), daemon=True).start()
            elif call['method'] != 'GET':
                line.sendall(b'%d\n' % call['id'])

    def pause(self, line, call, edit):
        try:
            edit(call)
        except BaseException as e:  # pylint: disable=broad-except
            self.failure = e
        line.sendall(b'%d\n' % call['id'])

    def text(self):
        return '\n'.join(f'  {c["method"]:6} {c["path"]} {json.dumps(c["param"], ensure_ascii=False)}' for c in self.log)


def start(here, lab, source, argv, tapped=False, client=CLIENT, more=''):
    """Runs `argv` below with-lab; returns in that run only. `client` is where the node sees the
    API's clients (None: its firewall keeps nobody out); `more` goes to the end of the lab's world."""
    if 'FW_DIR' in os.environ:
        os.environ['XDG_STATE_HOME'] = os.environ['FW_DIR']
        return
    with tempfile.TemporaryDirectory(prefix='pveprov-fw.') as made, socket.socket(socket.AF_UNIX) as door:
        tap, path = os.path.join(made, 'tap'), os.path.join(made, 'world.yaml')
        door.bind(tap)  # the lab starts first and finds it listening
        door.listen(1)
        fd = fcntl.fcntl(door, fcntl.F_DUPFD, 10)  # with-lab has 3 for itself
        with open(f'{source}/recipes/lab.yaml', encoding='utf-8') as f:
            world = re.sub(r'^client:.*$', (f'client: {client}' if client else '') + (f'\ntap: {tap}' if tapped else ''), f.read(), flags=re.M) + more
        with open(path, 'w', encoding='utf-8') as f:
            f.write(world)
        sys.exit(subprocess.run([f'{here}/../with-lab', lab, path, '50', *argv], check=False, pass_fds=[fd],
                                env=os.environ | {'FW_DIR': made, 'FW_TAP': str(fd)}).returncode)
