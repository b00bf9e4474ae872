/* app/command.c - the table of subcommands. */
#include "app/command.h"

#include <stdio.h>
#include <string.h>

#include "fhir/reindex.h"
#include "os/file.h"
#include "store/store.h"

/* clang-format off */
const struct command commands[] = {
    /* name     usage  help                                                               run */
    {"serve",   "",    "open the data folder and answer requests",                        command_serve },
    {"init",    "",    "make an empty data folder",                                       command_init  },
    {"demo",    "",    "fill a made-up region once, tell who can sign in, and serve it; starts a media server and a relay beside it where they are installed",  command_demo  },
    {"config",  "",    "print every setting with its present value",                      command_config},
    {"config check", "", "look for faults in the settings: unknown ones, wrong values, contradictions, files that are missing or readable by others, ports in use; each with its line and what to do; ends with 1 when one is wrong", command_config_check},
    {"verify",  "FILE... [--ca FILE] [--roots FILE|FOLDER] [--crls FOLDER] [--tsa-roots FILE|FOLDER]", "check a downloaded conclusion, opinion or protocol with its signatures, without any server; --roots: authorities of signatures made with people's own tokens, --crls: their revocation lists; --tsa-roots: authorities of time stamps, when they are others", command_verify},
    {"ca show", "",    "print the signing authority and its fingerprint",                 command_ca_show},
    {"token new", "LOGIN --name TEXT [--scope read|write|all] [--days N] | --system NAME", "make an access token for the interface /fhir; shown once", command_token_new},
    {"token list", "LOGIN", "the access tokens of an account",                            command_token_list},
    {"token revoke", "LOGIN NUMBER", "end an access token",                               command_token_revoke},
    {"client add", "ID --name TEXT --scope WORDS --launch standalone,ehr,service,system,introspect [--redirect URL,URL] [--launch-url URL] [--secret true | --jwks FILE|URL] [--org ID]", "register an application; its secret is shown once", command_client_add},
    {"client list", "", "registered applications", command_client_list},
    {"client revoke", "ID", "end an application and everything it was granted", command_client_revoke},
    {"user add", "LOGIN --family F --given G [--middle M] --org ID --role CODE [--service ID,ID] [--password-stdin true] [--must-change false]", "add a person with an account; the password is shown once, or read from standard input, and changed at the first sign-in", command_user_add},
    {"user list", "", "accounts, people and their roles", command_user_list},
    {"user role", "LOGIN --org ID --role CODE [--service ID,ID]", "give a person one more role", command_user_role},
    {"user password", "LOGIN [--password-stdin true] [--must-change false]", "set a new password; the person changes it at the next sign-in", command_user_password},
    {"user sign-out", "LOGIN", "end all sessions of a person", command_user_sign_out},
    {"user provider", "LOGIN", "untie a person from the identity provider, who has another number there now; the next sign-in ties anew", command_user_provider},
    {"user number", "LOGIN --kind iin|pinfl|snils [--number DIGITS]", "set a person's national number, which certificates of their own tokens must name; without one it is taken away", command_user_number},
    {"user second-factor", "LOGIN", "take one-time codes and passkeys away from a person who has lost them; who must have a second step sets up a new one", command_user_factor},
    {"user lock", "LOGIN", "close an account and end its sessions", command_user_lock},
    {"user unlock", "LOGIN", "open an account again", command_user_unlock},
    {"user dismiss", "LOGIN", "end all roles of a person, the account, the keys", command_user_dismiss},
    {"people import", "FILE [--dry-run] [--faults FILE]", "organisations or people from a CSV file: says what would change, and without --dry-run does it; what is wrong in it goes to --faults", command_people_import},
    {"people invite", "FILE", "links, as a CSV list, by which people of an imported file who have no password choose one; shown once, good for 72 hours", command_people_invite},
    {"org add", "NAME --kind station|hospital|centre|national|other [--parent ID] [--phone N] [--policy ID]", "add an organisation", command_org_add},
    {"org list", "", "the tree of organisations with services and people on duty", command_org_list},
    {"org service", "ORG NAME --profile CODE,CODE", "add a service that answers consultations", command_org_service},
    {"org duty", "SERVICE LOGIN --from TIME --to TIME", "put a person on duty; times as 2026-11-22T08:00", command_org_duty},
    {"media conf", "FOLDER [--address IP] [--public IP] [--janus-port N] [--media-port N] [--turn-port N] [--recordings DIR] [--loopback true]", "write the configuration of a media server (Janus) and a relay (coturn), with new secrets; doc/LIVE.md", command_media_conf},
    {"fhir doc", "", "print what the FHIR interface can do", command_fhir_doc},
    {"flow doc", "", "print the documentation of the workflows", command_flow_doc},
    {"icd10 import", "FILE [--lang CODE]", "take titles from a CSV, FHIR CodeSystem (JSON) or ClaML (XML) file", command_icd10_import},
    {"audit verify", "", "hold the chains of the record to their head: altered, removed, reordered", command_audit_verify},
    {"audit list", "[--after N]", "who saw and changed what, oldest first",               command_audit_list},
    {"doctor",  "[--index | --blobs]", "look for faults in the data folder; reads everything; then what should be done about disk, clock, backups, certificate, notices, settings. --index: hold the search index to the resources; --blobs: hold each stored file and image to its checksum and name what is damaged", command_doctor},
    {"backup",  "[--if-set]", "copy the data folder, as it stands now, into the encrypted place of the setting backup_to, also beside a running server; what is there already is not sent again; --if-set: only say so where backup_to names none", command_backup},
    {"backup list", "", "the backups that are there", command_backup_list},
    {"backup orders", "FILE", "write the signed list of erasures that ran, for keeping elsewhere: each backup holds one; restore --orders takes it", command_backup_orders},
    {"restore", "[FOLDER] [--snapshot ID] [--orders FILE] [--with-faults] [--check] [--if-set]", "make a data folder out of a backup, where none is, when everything doctor knows finds it whole; what the newest backup, or --orders, lists as erased is erased again; --with-faults: also when not whole; --check: read every byte of all backups, restore the newest beside, look, and remove it again; --if-set: only say so where backup_to names none", command_restore},
    {"images expire", "[--look]", "remove studies past the time their policy keeps them (the running server does so by itself); --look: only list them", command_images_expire},
    {"stamps", "again", "time stamps of signatures that were given up are asked for again: when the database was mended", command_stamps},
    {"retention", "[--look | --clock-is-right]", "remove what is past its term (the running server does so by itself); --look: only say how many of each kind, and since when; --clock-is-right: nothing is removed after the clock went more than a week ahead, until somebody says so", command_retention},
    {"reindex", "", "make the search index anew from the resources, also beside a running server; goes on where it was interrupted", command_reindex},
    {"validate", "FILE... [--profile FILE|URL] [--with FILE]... [--strict]", "hold resources to FHIR R4, to profiles; print an OperationOutcome for each file", command_validate},
    {"fhirpath", "--expr EXPR [--input FILE] [--strict] [--lenient-as] [--bare] | --tests FOLDER | --bench FILE", "evaluate FHIRPath over a resource, run test cases, measure", command_fhirpath},
    {"dicom", "FILE [--frames | --elements] [--pixels] [--inline BYTES] [--as-sent] [--picture] [--frame N] [--width POINTS] [--deidentify] [--pseudonym NAME] [--days N]", "a DICOM file as DICOM JSON; its elements; size and SHA-256 of its frames; a frame as a Netpbm picture; the file without identity", command_dicom},
    {"view", "FILE [--input NDJSON] [--format csv|ndjson|json]", "the rows of a ViewDefinition over a file of resources, or over the data folder", command_view},
    {"export", "--out FOLDER [--type TYPE,TYPE] [--since INSTANT]", "all resources as NDJSON files, one a type; goes on where it was interrupted", command_export},
    {"import", "FILE ...", "resources from NDJSON files; goes on where it was interrupted", command_import},
    {"version", "",    "name and version, the schema of data folders, the code of the index; also as --version", command_version},
    {"help",    "[SUBCOMMAND]", "this list, or what one subcommand is for",                    command_help  },
};
/* clang-format on */
const size_t n_commands = LEN(commands);

const char *command_option(const struct command_args *args, const char *name)
{
    for (int i = 0; i + 1 < args->n_words; i++) {
        if (strncmp(args->words[i], "--", 2) == 0 && strcmp(args->words[i] + 2, name) == 0) {
            return args->words[i + 1];
        }
    }
    return NULL;
}

/* The failure to read a file, with its name. */
static enum err named(struct req *rq, const char *path, enum err e)
{
    if (e == OK) {
        return OK;
    }
    struct str why = arena_str(rq->a, str_z(rq->err.detail));
    TRY_MEM(rq, why.p);
    err_clear(rq);
    return e == E_NOT_FOUND ? FAIL(rq, e, "there is no file %s", path)
                            : FAIL(rq, e, "%s: %.*s", path, STR_ARG(why));
}

enum err command_read_file(struct req *rq, const char *path, size_t cap, struct str *ret_bytes)
{
    return named(rq, path, os_read_file(rq, path, cap, ret_bytes));
}

enum err command_file_there(struct req *rq, const char *path)
{
    CLEANUP(os_close_p) int fd = -1;
    return named(rq, path, os_open_read(rq, path, &fd));
}

void command_print(struct str text)
{
    (void)fwrite(text.p, 1, text.n, stdout);
    (void)fflush(stdout);
}

void command_version_write(struct buf *b)
{
    BUF_LIT(b, "consilium " CONSILIUM_VERSION ", schema ");
    buf_u64(b, store_schema());
    BUF_LIT(b, ", index ");
    buf_u64(b, fhir_index_code());
    buf_char(b, '\n');
}

int command_version(struct command_args *args)
{
    struct buf b;
    buf_init(&b, args->rq->a, 256);
    command_version_write(&b);
    command_print(buf_get(&b));
    return COMMAND_OK;
}

const struct command *command_find(const char *const *words, int n, int *ret_n)
{
    static const char *const version[] = {"version"};
    const struct command *found = NULL;
    *ret_n = 0;
    if (n > 0 && strcmp(words[0], "--version") == 0) {
        words = version;
        n = 1;
    }
    for (size_t i = 0; i < n_commands; i++) {
        struct str rest = str_z(commands[i].name);
        struct str word;
        int k = 0;
        bool match = true;
        while (match && rest.n > 0 && str_cut(&rest, ' ', &word)) {
            match = k < n && str_eq(word, str_z(words[k]));
            k++;
        }
        if (match && k > *ret_n) {
            found = &commands[i];
            *ret_n = k;
        }
    }
    return found;
}

bool command_asks_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

bool command_takes(const struct command *cmd, struct str flag, bool *ret_value)
{
    struct str usage = str_z(cmd->usage);
    while (flag.n > 2 && usage.n >= flag.n) {
        usage = str_sub(usage, str_find(usage, flag), usage.n);
        struct str next = str_sub(usage, flag.n, 1);
        if (usage.n >= flag.n && (next.n == 0 || next.p[0] == ' ' || next.p[0] == ']')) {
            *ret_value = next.n > 0 && next.p[0] == ' ';
            return true;
        }
        usage = str_sub(usage, 1, usage.n);
    }
    return false;
}

enum command_ask command_read(const struct command *cmd, const char *const *words, int n,
                              const char **ret_word)
{
    const char *bad = NULL;
    for (int i = 0; i < n; i++) {
        struct str word = str_z(words[i]);
        bool flag = word.n > 1 && word.p[0] == '-';
        bool value = false;
        if (command_asks_help(words[i])) {
            return COMMAND_TELL;
        }
        if (flag ? !command_takes(cmd, word, &value) : cmd->usage[0] == 0) {
            bad = bad != NULL ? bad : words[i];
        }
        i += value ? 1 : 0;
    }
    if (bad == NULL) {
        return COMMAND_RUN;
    }
    *ret_word = bad;
    return COMMAND_REFUSE;
}

void command_tell(const struct command *cmd)
{
    printf("consilium %s%s%s [--setting value ...]\n\n  %s\n\n"
           "Settings are listed by: consilium config\n",
           cmd->name, cmd->usage[0] != 0 ? " " : "", cmd->usage, cmd->help);
}

/* The list; of a first word that several share ("user"), only those. */
int command_help(struct command_args *args)
{
    int n = 0;
    const struct command *one = command_find(args->words, args->n_words, &n);
    struct str first = str_z(args->n_words > 0 ? args->words[0] : "");
    bool some = false;
    if (one != NULL) {
        command_tell(one);
        return COMMAND_OK;
    }
    for (size_t i = 0; first.n > 0 && i < n_commands; i++) {
        some = some || (str_starts(str_z(commands[i].name), first)
                        && commands[i].name[first.n] == ' ');
    }
    printf("consilium SUBCOMMAND [--setting value ...]\n\n");
    for (size_t i = 0; i < n_commands; i++) {
        if (!some || str_starts(str_z(commands[i].name), first)) {
            printf("  %-14s %-24s %s\n", commands[i].name, commands[i].usage, commands[i].help);
        }
    }
    printf("\nSettings are listed by: consilium config\n");
    return COMMAND_OK;
}
