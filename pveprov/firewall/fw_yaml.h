#pragma once
/*
 * fw_yaml.h: the firewall in a recipe's words: the same model as the .fw files, with places for errors.
 *
 *     firewall:
 *       cluster:
 *         options: { enable: 1, policy_in: DROP }
 *         aliases: { admin: 192.168.7.10 }
 *         ipsets:  { management: [ admin, "!192.168.7.66" ] }
 *         groups:  { web: [ IN HTTP(ACCEPT) ] }
 *         rules:   [ IN Ping(ACCEPT), { type: in, action: ACCEPT, proto: tcp, dport: "22" } ]
 *       apply: true        # false: for 'pveprov fw apply' only
 *       nodes:  { pve: { options: {}, rules: [] } }
 *       guests: { "100": { options: {}, aliases: {}, ipsets: {}, rules: [] } }
 *       vnets:  { v1: { options: {}, rules: [] } }
 *
 * A rule is a line of a .fw file or a map with the API's names. What may have a comment is then a map with the key
 * `comment`: { cidr: ADDRESS }, { members: LIST } of a set, { rules: LIST } of a group. Unlike a file, every mistake is an error.
 */
#include "data/field.h"
#include "firewall/fw_files.h"

/*
 * Reads a YAML file whose top level has `firewall:` (other keys belong to other parts of a recipe). What is wrong below it
 * goes to issues, as errors; with NULL it is ERR_RECIPE. A file that is no YAML is ERR_RECIPE always.
 */
int fw_yaml_load(struct fw_files *f, const char *path, struct fw_issues *issues, struct err **err);

/* Reads the map below `firewall:`; errors go to c. */
int fw_yaml_bind(struct field_ctx *c, const struct tree *t, struct fw_files *f);

/* Writes configs in that form. */
void fw_yaml_write(const struct fw_files *f, struct buf *out);
