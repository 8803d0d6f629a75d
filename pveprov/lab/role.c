#include "lab/acl.h"

/* Privileges of Proxmox VE 9, by who gets them (pve-access-control, AccessControl.pm). */
enum level { AUDIT, USER, ADMIN, ROOT };

struct privilege {
	const char *name;
	enum level level;
};

static const struct privilege privileges[] = {
	{ "Datastore.Allocate", ADMIN },
	{ "Datastore.AllocateSpace", USER },
	{ "Datastore.AllocateTemplate", ADMIN },
	{ "Datastore.Audit", AUDIT },
	{ "Group.Allocate", ADMIN },
	{ "Mapping.Audit", AUDIT },
	{ "Mapping.Modify", ADMIN },
	{ "Mapping.Use", USER },
	{ "Permissions.Modify", ROOT },
	{ "Pool.Allocate", ADMIN },
	{ "Pool.Audit", AUDIT },
	{ "Realm.Allocate", ROOT },
	{ "Realm.AllocateUser", ADMIN },
	{ "SDN.Allocate", ADMIN },
	{ "SDN.Audit", AUDIT },
	{ "SDN.Use", USER },
	{ "Sys.AccessNetwork", ROOT },
	{ "Sys.Audit", AUDIT },
	{ "Sys.Console", ADMIN },
	{ "Sys.Incoming", ROOT },
	{ "Sys.Modify", ROOT },
	{ "Sys.PowerMgmt", ROOT },
	{ "Sys.Syslog", ADMIN },
	{ "User.Modify", ADMIN },
	{ "VM.Allocate", ADMIN },
	{ "VM.Audit", AUDIT },
	{ "VM.Backup", USER },
	{ "VM.Clone", ADMIN },
	{ "VM.Config.CDROM", USER },
	{ "VM.Config.CPU", ADMIN },
	{ "VM.Config.Cloudinit", USER },
	{ "VM.Config.Disk", ADMIN },
	{ "VM.Config.HWType", ADMIN },
	{ "VM.Config.Memory", ADMIN },
	{ "VM.Config.Network", ADMIN },
	{ "VM.Config.Options", ADMIN },
	{ "VM.Console", USER },
	{ "VM.GuestAgent.Audit", AUDIT },
	{ "VM.GuestAgent.FileRead", ADMIN },
	{ "VM.GuestAgent.FileSystemMgmt", ADMIN },
	{ "VM.GuestAgent.FileWrite", ADMIN },
	{ "VM.GuestAgent.Unrestricted", ADMIN },
	{ "VM.Migrate", ADMIN },
	{ "VM.PowerMgmt", USER },
	{ "VM.Replicate", ADMIN },
	{ "VM.Snapshot", ADMIN },
	{ "VM.Snapshot.Rollback", ADMIN },
};

struct role {
	const char *name;
	const char *prefix; /* of the privileges; "": all */
	enum level from, to;
	const char *extra; /* one more privilege, or NULL */
};

static const struct role roles[] = {
	{ "Administrator", "", AUDIT, ROOT, NULL },
	{ "PVEAdmin", "", AUDIT, ADMIN, NULL },
	{ "PVEAuditor", "", AUDIT, AUDIT, NULL },
	{ "PVEDatastoreAdmin", "Datastore.", AUDIT, ADMIN, NULL },
	{ "PVEDatastoreUser", "Datastore.", AUDIT, USER, NULL },
	{ "PVEMappingAdmin", "Mapping.", AUDIT, ADMIN, NULL },
	{ "PVEMappingAuditor", "Mapping.", AUDIT, AUDIT, NULL },
	{ "PVEMappingUser", "Mapping.", AUDIT, USER, NULL },
	{ "PVEPoolAdmin", "Pool.", AUDIT, ADMIN, NULL },
	{ "PVEPoolUser", "Pool.", AUDIT, AUDIT, NULL },
	{ "PVESDNAdmin", "SDN.", AUDIT, ADMIN, NULL },
	{ "PVESDNUser", "SDN.", AUDIT, USER, NULL },
	{ "PVESysAdmin", "Sys.", AUDIT, ADMIN, NULL },
	{ "PVETemplateUser", "VM.Audit", AUDIT, AUDIT, "VM.Clone" },
	{ "PVEUserAdmin", "User.", AUDIT, ADMIN, "Group.Allocate" },
	{ "PVEVMAdmin", "VM.", AUDIT, ADMIN, NULL },
	{ "PVEVMUser", "VM.", AUDIT, USER, NULL },
};

json_t *acl_builtin_roles(void)
{
	json_t *all = json_pack("{s:{}}", "NoAccess");

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		const struct role *r = &roles[i];
		json_t *set = json_object();
		for (size_t k = 0; k < ARRAY_SIZE(privileges); k++)
			if (privileges[k].level >= r->from && privileges[k].level <= r->to &&
			    starts_with(privileges[k].name, r->prefix))
				json_object_set_new(set, privileges[k].name, json_integer(1));
		if (r->extra)
			json_object_set_new(set, r->extra, json_integer(1));
		json_object_set_new(all, r->name, set);
	}
	return all;
}
