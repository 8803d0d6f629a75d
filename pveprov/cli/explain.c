#include "cli/explain.h"

const struct explain_info explain_infos[] = {
	{ "596", "a daemon of the server did not answer the other in time",
	  "pveproxy passes most calls on to pvedaemon, or to another node, and waits 30 s. 595, "
	  "596 and 599 say that this "
	  "connection broke. The call may have been carried out all the same. Between nodes it is "
	  "often a certificate that "
	  "the other node does not accept; for the guest agent it is also an error text with curly "
	  "quotes.",
	  "pveprov looks for the task before it repeats anything. If it stays: 'pvecm updatecerts' "
	  "on the nodes, and look "
	  "whether storage or node is overloaded." },
	{ "agent-not-ready", "the guest agent does not answer",
	  "The VM runs and its option 'agent' is on, but nobody answers: the guest still boots, is "
	  "paused, or has no "
	  "qemu-guest-agent installed. The server cannot tell these apart.",
	  "Wait for the boot; look at the console; install qemu-guest-agent in the guest (or in "
	  "the template) and start it." },
	{ "agent-off", "the option 'agent' of the VM is off",
	  "Proxmox VE offers the guest no channel for the agent. A clone inherits the option from "
	  "its template.",
	  "'pveprov vm set VM agent=1', then stop and start the VM: a reboot inside the guest does "
	  "not add the channel." },
	{ "bridge-hidden", "a bridge exists, but this account does not see it",
	  "Bridges are left out of the list, with status 200, for accounts without SDN.Audit or "
	  "SDN.Use on "
	  "/sdn/zones/localnetwork. Creating the bridge then fails with 'interface already "
	  "exists'.",
	  "Grant the account SDN.Use there: 'pveprov doctor' prints the command." },
	{ "bridge-missing", "a VM does not start because its bridge does not exist",
	  "A network device may name any bridge; only the start finds out that it is not there.",
	  "'pveprov net list' shows the bridges; a recipe's 'bridges:' creates them." },
	{ "cicustom", "user and keys of cloud-init have no effect",
	  "The template has 'cicustom', and a clone inherits it: a snippet with user-data replaces "
	  "ciuser, cipassword and "
	  "sshkeys.",
	  "Remove it from the VM ('pveprov vm set VM --delete cicustom'); recipes do so unless "
	  "they say keep_cicustom." },
	{ "cloudinit-drive", "addresses and keys of cloud-init have no effect",
	  "ipconfigN, ciuser and sshkeys reach the guest by a cloud-init drive. Without one the "
	  "server accepts them and "
	  "nothing happens.",
	  "Add the drive to the template: 'pveprov vm set TEMPLATE ide2=STORAGE:cloudinit'." },
	{ "digest", "somebody else changed the configuration in between",
	  "Every change names the version it is based on; the server refuses it where the file has "
	  "changed since.",
	  "Look at the change, then run the command again." },
	{ "fingerprint", "the server's certificate is not trusted",
	  "Proxmox VE comes with a certificate of its own authority. pveprov trusts a certificate "
	  "by CA file or by its "
	  "SHA-256 fingerprint, never without either.",
	  "Compare the fingerprint that 'pveprov auth login' shows with the node's (Node, System, "
	  "Certificates; or "
	  "'pvenode cert info') and let it be stored in the context." },
	{ "hostpci-root", "a token may not pass a PCI device through by its address",
	  "Raw 'hostpciN: host=' is reserved to root@pam with a password ticket; not even a token "
	  "of root@pam may set, "
	  "change or delete it.",
	  "Use a PCI mapping ('pveprov pci map NAME 01:00', needs Mapping.Modify once), or let "
	  "pveprov ask for the root "
	  "password for that one call." },
	{ "iommu", "a device cannot be passed through: IOMMU group -1",
	  "The IOMMU is off, in the firmware (VT-d, AMD-Vi) or in the kernel.",
	  "Switch it on in the firmware; for Intel before kernel 6.8 add 'intel_iommu=on' to the "
	  "kernel's command line; "
	  "reboot the node." },
	{ "iommu-group", "a device shares its IOMMU group with others",
	  "Devices of one group can only be passed through together: they can reach each other's "
	  "memory.",
	  "Put the card into another slot, or pass the whole group through." },
	{ "lock-timeout", "can't lock file ... got timeout",
	  "Another call or task holds the lock file of the VM (10 s for most calls, 1 s for a "
	  "clone's source).",
	  "pveprov waits and tries again. 'pveprov task list --active' shows what holds it." },
	{ "locked", "VM is locked (backup, clone, snapshot, rollback ...)",
	  "A task works on the VM and wrote 'lock' into its configuration. After a crash of the "
	  "node the lock may stay.",
	  "Wait for the task ('pveprov task list --active'). If none runs, 'qm unlock ID' on the "
	  "node, as root." },
	{ "network-pending", "the node has staged network changes that are not ours",
	  "Changes wait in /etc/network/interfaces.new, for everyone in one file; applying ours "
	  "would apply them too.",
	  "'pveprov net plan' shows them. Apply or revert them first, with their owner." },
	{ "no-login", "ticket or token not accepted",
	  "Wrong or expired ticket, a token that was deleted, or the realm is missing. Such an "
	  "answer takes 3 s and has no "
	  "text but its status line.",
	  "'pveprov auth status'; 'pveprov auth login' for a new ticket. Users are written with "
	  "realm: root@pam." },
	{ "no-privilege", "permission check failed",
	  "The account lacks a privilege on a path. A token with privilege separation has only "
	  "what is granted to itself.",
	  "'pveprov doctor' prints every missing privilege with the pveum command that grants "
	  "it." },
	{ "storage-busy", "storage ... got timeout",
	  "Allocating a volume needs the storage's lock, which is waited for 10 s only: several "
	  "clones at once get in each "
	  "other's way.",
	  "pveprov queues its own clones and tries again; look for others with 'pveprov task list "
	  "--active'." },
	{ "taken", "the VM id is taken",
	  "Another VM or container has this id, on any node of the cluster, perhaps one that this "
	  "account cannot see.",
	  "Choose another id in the recipe, or 'pveprov vm list'." },
	{ "vm-monitor", "VM.Monitor does not exist",
	  "Proxmox VE 9 replaced VM.Monitor by VM.GuestAgent.Audit, .FileRead, .FileWrite, "
	  ".FileSystemMgmt, .Unrestricted.",
	  "Grant those on 9, VM.Monitor on 8: 'pveprov doctor' prints what the server's version "
	  "wants." },
	{ "vm-stopped", "the VM is not running", "The call needs a running VM.",
	  "'pveprov vm start VM'." },
	{ 0 },
};
