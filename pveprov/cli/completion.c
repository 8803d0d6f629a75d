#include "cli/completion.h"
#include "cli/commands.h"

/* "vm list": how the scripts know where they are. */
static void path_of(struct buf *out, const struct command *c)
{
	buf_reset(out);
	buf_addf(out, "%s%s%s", c->group ? c->group : "", c->group ? " " : "", c->name);
}

/* The words that may follow `group` (NULL: "pveprov"), each handed to `line`. */
static void each_word(struct buf *out, const char *group,
		      void (*line)(struct buf *out, const char *name, const char *summary))
{
	for (const struct command *const *c = commands; *c; c++)
		if (streq_null((*c)->group, group))
			line(out, (*c)->name, (*c)->summary);
	for (const struct command_group *g = command_groups; !group && g->name; g++)
		if (command_group_find(g->name))
			line(out, g->name, g->summary);
}

static void word_only(struct buf *out, const char *name, const char *summary)
{
	(void)summary;
	buf_addf(out, "%s ", name);
}

static void names_only(struct buf *out, const char *const *names)
{
	for (; names && *names; names++)
		buf_addf(out, "%s ", *names);
}

/* Text inside single quotes of any of the shells. */
static void quoted(struct buf *out, const char *text)
{
	buf_addc(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *text);
	buf_addc(out, '\'');
}

/* The walk over the words typed so far: leaves in $here the group or command they name. */
static void posix_walk(struct buf *out)
{
	_cleanup_buf_ struct buf path = { 0 };

	buf_adds(out, "	for ((i = 1; i < n; i++)); do\n		case ${typed[i]} in\n		");
	for (const struct option_spec *s = global_options; s->name; s++)
		if (s->type != OPT_FLAG) {
			if (s->letter)
				buf_addf(out, "-%c|", s->letter);
			buf_addf(out, "--%s|", s->name);
		}
	out->data[--out->len] = '\0';
	buf_adds(out, ") ((i++)) || : ;;\n		-*) ;;\n		*) "
		      "next=$here${here:+ }${typed[i]}\n"
		      "			case $next in\n");
	for (const struct command_group *g = command_groups; g->name; g++)
		if (command_group_find(g->name))
			buf_addf(out, "			'%s') here=$next ;;\n", g->name);
	for (const struct command *const *c = commands; *c; c++) {
		path_of(&path, *c);
		buf_addf(out, "			'%s') here=$next ;;\n", buf_text(&path));
	}
	buf_adds(out, "			esac ;;\n		esac\n	done\n");
}

/* The values of one option, where it is the word before. */
static void posix_value(struct buf *out, const char *path, const struct option_spec *s)
{
	if (s->type == OPT_FLAG)
		return;
	buf_addf(out, "	'%s:--%s'", path, s->name);
	if (s->letter)
		buf_addf(out, "|'%s:-%c'", path, s->letter);
	if (s->names) {
		buf_adds(out, ") list='");
		names_only(out, s->names);
		buf_adds(out, "' ;;\n");
	} else if (s->complete == COMPLETE_FILE || s->complete == COMPLETE_DIRECTORY) {
		buf_addf(out, ") files=-%c ;;\n", s->complete == COMPLETE_FILE ? 'f' : 'd');
	} else {
		buf_adds(out, ") return ;;\n");
	}
}

static void posix_options(struct buf *out, const struct option_spec *s)
{
	for (; s && s->name; s++)
		buf_addf(out, "--%s ", s->name);
}

/* What may stand at a command: the words of its operands, files, its options. */
static void posix_command(struct buf *out, const struct command *c)
{
	_cleanup_buf_ struct buf path = { 0 };
	bool files = false;

	path_of(&path, c);
	buf_addf(out, "	'%s') list='", buf_text(&path));
	for (const struct operand *o = c->operands; o && o->name; o++) {
		names_only(out, o->names);
		files |= o->complete == COMPLETE_FILE || o->complete == COMPLETE_DIRECTORY;
	}
	buf_adds(out, "' options='");
	posix_options(out, c->options);
	buf_addf(out, "'%s ;;\n", files ? " files=-f" : "");
}

/* Values of options, the command's own first, as the parser has it; else what may stand at $here.
 */
static void posix_cases(struct buf *out)
{
	_cleanup_buf_ struct buf path = { 0 };

	buf_adds(out, "	case $here:$prev in\n");
	for (const struct command *const *c = commands; *c; c++) {
		path_of(&path, *c);
		for (const struct option_spec *s = (*c)->options; s && s->name; s++)
			posix_value(out, buf_text(&path), s);
	}
	buf_adds(out, "	*) case :$prev in\n");
	for (const struct option_spec *s = global_options; s->name; s++)
		posix_value(out, "", s);
	buf_adds(out, "	*) case $here in\n	'') list='");
	each_word(out, NULL, word_only);
	buf_adds(out, "' ;;\n");
	for (const struct command_group *g = command_groups; g->name; g++)
		if (command_group_find(g->name)) {
			buf_addf(out, "	'%s') list='", g->name);
			each_word(out, g->name, word_only);
			buf_adds(out, "' ;;\n");
		}
	for (const struct command *const *c = commands; *c; c++)
		posix_command(out, *c);
	buf_adds(out, "	esac\n	case $cur in\n	-*) list=\"$options ");
	posix_options(out, global_options);
	buf_adds(out, "\" files= ;;\n	esac ;;\n	esac ;;\n	esac\n");
}

static void write_bash(struct buf *out)
{
	buf_adds(out,
		 "# bash completion of pveprov, made by 'pveprov completion bash'\n_pveprov()\n{\n"
		 "	local typed=(\"${COMP_WORDS[@]}\") n=$COMP_CWORD i\n"
		 "	local cur=${typed[n]} prev=${typed[n-1]} here= next= list= options= "
		 "files=\n");
	posix_walk(out);
	posix_cases(out);
	buf_adds(out, "	mapfile -t COMPREPLY < <(compgen $files -W \"$list\" -- \"$cur\")\n}\n"
		      "complete -o filenames -F _pveprov pveprov\n");
}

/* zsh reads the same, once its arrays begin at 0 and its variables are split at blanks as
 * everywhere else. */
static void write_zsh(struct buf *out)
{
	buf_adds(out, "#compdef pveprov\n# zsh completion of pveprov, made by 'pveprov completion "
		      "zsh'\n_pveprov()\n{\n"
		      "	setopt localoptions ksharrays shwordsplit\n"
		      "	local -a typed=(\"${words[@]}\")\n	local -i n=$((CURRENT - 1)) i\n"
		      "	local cur=${typed[n]} prev=${typed[n-1]} here= next= list= options= "
		      "files=\n");
	posix_walk(out);
	posix_cases(out);
	buf_adds(out, "	compadd -- $list\n	case $files in\n	-f) _files ;;\n	-d) _files "
		      "-/ ;;\n	esac\n}\n"
		      "if [ \"${funcstack[1]}\" = _pveprov ]; then _pveprov; else compdef _pveprov "
		      "pveprov; fi\n");
}

static void fish_word(struct buf *out, const char *condition, const char *name, const char *summary)
{
	buf_addf(out, "complete -c pveprov -f -n \"%s\" -a %s -d ", condition, name);
	quoted(out, summary);
	buf_addc(out, '\n');
}

static void fish_options(struct buf *out, const char *condition, const struct option_spec *s)
{
	for (; s && s->name; s++) {
		buf_adds(out, "complete -c pveprov");
		if (condition)
			buf_addf(out, " -n \"%s\"", condition);
		buf_addf(out, " -l %s", s->name);
		if (s->letter)
			buf_addf(out, " -s %c", s->letter);
		if (s->names) {
			buf_adds(out, " -x -a '");
			names_only(out, s->names);
			buf_addc(out, '\'');
		} else if (s->type != OPT_FLAG) {
			buf_adds(out,
				 s->complete == COMPLETE_FILE || s->complete == COMPLETE_DIRECTORY
					 ? " -r -F"
					 : " -x");
		}
		buf_adds(out, " -d ");
		quoted(out, s->help);
		buf_addc(out, '\n');
	}
}

static void fish_command(struct buf *out, const struct command *c)
{
	_cleanup_buf_ struct buf path = { 0 };
	char at[96];

	path_of(&path, c);
	snprintf(at, sizeof(at), "__pveprov_at '%s'", c->group ? c->group : "");
	fish_word(out, at, c->name, c->summary);
	snprintf(at, sizeof(at), "__pveprov_at '%s'", buf_text(&path));
	fish_options(out, at, c->options);
	bool files = false;
	for (const struct operand *o = c->operands; o && o->name; o++) {
		files |= o->complete == COMPLETE_FILE || o->complete == COMPLETE_DIRECTORY;
		for (const char *const *w = o->names; w && *w; w++)
			fish_word(out, at, *w, o->help);
	}
	buf_addf(out, "complete -c pveprov -n \"%s\" -%c\n", at, files ? 'F' : 'f');
}

static void write_fish(struct buf *out)
{
	buf_adds(out, "# fish completion of pveprov, made by 'pveprov completion fish'\n"
		      "function __pveprov_at\n	set -l path\n"
		      "	for word in (commandline -opc)[2..-1]\n"
		      "		string match -q -- '-*' $word; and continue\n"
		      "		contains -- (string join ' ' $path $word) $__pveprov_paths; and "
		      "set -a path $word\n"
		      "	end\n	test \"$path\" = \"$argv[1]\"\nend\nset -g __pveprov_paths");
	for (const struct command_group *g = command_groups; g->name; g++)
		if (command_group_find(g->name))
			buf_addf(out, " '%s'", g->name);
	for (const struct command *const *c = commands; *c; c++) {
		_cleanup_buf_ struct buf path = { 0 };
		path_of(&path, *c);
		buf_addf(out, " '%s'", buf_text(&path));
	}
	buf_addc(out, '\n');
	fish_options(out, NULL, global_options);
	for (const struct command_group *g = command_groups; g->name; g++)
		if (command_group_find(g->name))
			fish_word(out, "__pveprov_at ''", g->name, g->summary);
	for (const struct command *const *c = commands; *c; c++)
		fish_command(out, *c);
}

const struct completion_shell completion_shells[] = {
	{ "bash", write_bash }, { "zsh", write_zsh }, { "fish", write_fish }, { 0 }
};
const char *const completion_shell_names[] = { "bash", "zsh", "fish", NULL };
