"""nodeshell.py: the node's own shell: a real OpenSSH server and client, with stand-ins for what only a node has.

`ssh` in PATH is the system's, told which host key and which key of ours hold; the server is one sshd for each connection.
systemd-run, systemctl and pvesh there keep a timer in a file, with the exit codes of the real ones.
"""
import os
import subprocess

TOOLS = {
    'systemd-run': """
for word; do case $word in --unit=*) unit=${word#--unit=} ;; --on-active=*) after=${word#--on-active=} ;; esac; done
[ ! -e "$dir/$unit.timer" ] || { echo "Failed to start transient timer unit: Unit $unit.timer was already loaded." >&2; exit 1; }
while [ "${1#-}" != "$1" ]; do shift; done
echo "$after $*" >"$dir/$unit.timer"
""",
    'systemctl': """
verb=$1
shift
[ "$1" != --quiet ] || shift
[ -e "$dir/$1" ] || { [ "$verb" = is-active ] && exit 4; echo "Failed to stop $1: Unit $1 not loaded." >&2; exit 5; }
[ "$verb" = is-active ] || rm "$dir/$1"
""",
    'pvesh': 'exit 0\n',
}


class NodeShell:
    def __init__(self, folder):
        self.dir = os.path.join(folder, 'node')
        self.timer = os.path.join(self.dir, 'pveprov-firewall-revert.timer')
        os.makedirs(os.path.join(self.dir, 'bin'))
        for name, text in TOOLS.items():
            self.tool(os.path.join(self.dir, 'bin', name), f'#!/bin/sh\ndir={self.dir}\necho "{name} $*" >>{self.dir}/log\n{text}')
        for key in ('host', 'user'):
            subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', os.path.join(self.dir, key)], check=True)
        with open(f'{self.dir}/host.pub', encoding='utf-8') as f:
            self.file('known', f'pve {f.read()}')
        self.file('sshd_config', f'HostKey {self.dir}/host\nAuthorizedKeysFile {self.dir}/user.pub\nPermitRootLogin yes\n'
                  f'StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nSetEnv PATH={self.dir}/bin:/usr/bin:/bin\n')
        self.file('ssh_config', f'Host *\nIdentityFile {self.dir}/user\nIdentitiesOnly yes\nUserKnownHostsFile {self.dir}/known\n'
                  f'GlobalKnownHostsFile none\nProxyCommand /usr/sbin/sshd -i -f {self.dir}/sshd_config\n')
        os.makedirs(os.path.join(self.dir, 'path'))
        self.tool(os.path.join(self.dir, 'path', 'ssh'), f'#!/bin/sh\nexec /usr/bin/ssh -F {self.dir}/ssh_config "$@"\n')
        os.environ['PATH'] = f'{self.dir}/path:{os.environ["PATH"]}'
        os.makedirs('/run/sshd', exist_ok=True)  # where root's sshd confines its unprivileged half

    def file(self, name, text):
        with open(os.path.join(self.dir, name), 'w', encoding='utf-8') as f:
            f.write(text)

    @staticmethod
    def tool(path, text):
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, 0o755)

    def said(self):
        with open(f'{self.dir}/log', encoding='utf-8') as f:
            return f.read()
