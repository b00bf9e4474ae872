/* app/command.c - the table of subcommands. */
#include "app/command.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct command commands[] = {
    /* name     usage  help                                                               run */
    {"serve",   "",    "open the data folder and answer requests",                        command_serve },
    {"init",    "",    "make an empty data folder",                                       command_init  },
    {"demo",    "",    "fill a made-up region once, tell who can sign in, and serve it",  command_demo  },
    {"config",  "",    "print every setting with its present value",                      command_config},
    {"verify",  "BUNDLE SIGNATURE [--ca FILE]", "check a downloaded conclusion, without any server", command_verify},
    {"ca show", "",    "print the signing authority and its fingerprint",                 command_ca_show},
    {"token new", "LOGIN --name TEXT [--scope read|write|all] [--days N] | --system NAME", "make an access token for the interface /fhir; shown once", command_token_new},
    {"token list", "LOGIN", "the access tokens of an account",                            command_token_list},
    {"token revoke", "LOGIN NUMBER", "end an access token",                               command_token_revoke},
    {"client add", "ID --name TEXT --scope WORDS --launch standalone,ehr,service,system,introspect [--redirect URL,URL] [--secret true | --jwks FILE] [--org ID]", "register an application; its secret is shown once", command_client_add},
    {"client list", "", "registered applications", command_client_list},
    {"client revoke", "ID", "end an application and everything it was granted", command_client_revoke},
    {"user add", "LOGIN --family F --given G [--middle M] --org ID --role CODE [--service ID,ID] [--must-change false]", "add a person with an account; the password is shown once, or read with --password-stdin true, and changed at the first sign-in", command_user_add},
    {"user list", "", "accounts, people and their roles", command_user_list},
    {"user role", "LOGIN --org ID --role CODE [--service ID,ID]", "give a person one more role", command_user_role},
    {"user password", "LOGIN [--password-stdin true] [--must-change false]", "set a new password; the person changes it at the next sign-in", command_user_password},
    {"user lock", "LOGIN", "close an account and end its sessions", command_user_lock},
    {"user unlock", "LOGIN", "open an account again", command_user_unlock},
    {"user dismiss", "LOGIN", "end all roles of a person, the account, the keys", command_user_dismiss},
    {"org add", "NAME --kind station|hospital|centre|national|other [--parent ID] [--phone N] [--policy ID]", "add an organisation", command_org_add},
    {"org list", "", "the tree of organisations with services and people on duty", command_org_list},
    {"org service", "ORG NAME --profile CODE,CODE", "add a service that answers consultations", command_org_service},
    {"org duty", "SERVICE LOGIN --from TIME --to TIME", "put a person on duty; times as 2026-11-22T08:00", command_org_duty},
    {"fhir doc", "", "print what the FHIR interface can do", command_fhir_doc},
    {"flow doc", "", "print the documentation of the workflows", command_flow_doc},
    {"icd10 import", "FILE [--lang CODE]", "take titles from a CSV, FHIR CodeSystem (JSON) or ClaML (XML) file", command_icd10_import},
    {"audit verify", "", "hold the chains of the record to their head: altered, removed, reordered", command_audit_verify},
    {"audit list", "[--after N]", "who saw and changed what, oldest first",               command_audit_list},
    {"doctor",  "[--index]", "look for faults in the data folder; reads everything. --index: hold the search index to the resources", command_doctor},
    {"validate", "FILE... [--profile FILE|URL] [--with FILE]... [--strict]", "hold resources to FHIR R4, to profiles; print an OperationOutcome for each file", command_validate},
    {"fhirpath", "--expr EXPR [--input FILE] [--strict] [--lenient-as] [--bare] | --tests FOLDER | --bench FILE", "evaluate FHIRPath over a resource, run test cases, measure", command_fhirpath},
    {"view", "FILE [--input NDJSON] [--format csv|ndjson|json]", "the rows of a ViewDefinition over a file of resources, or over the data folder", command_view},
    {"export", "--out FOLDER [--type TYPE,TYPE] [--since INSTANT]", "all resources as NDJSON files, one a type; goes on where it was interrupted", command_export},
    {"help",    "",    "this list",                                                       command_help  },
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

void command_print(struct str text)
{
    (void)fwrite(text.p, 1, text.n, stdout);
    (void)fflush(stdout);
}

int command_config(struct command_args *args)
{
    struct buf b;
    buf_init(&b, args->rq->a, 65536);
    config_write(args->config, &b);
    command_print(buf_get(&b));
    return COMMAND_OK;
}

int command_help(struct command_args *args)
{
    (void)args;
    printf("consilium SUBCOMMAND [--setting value ...]\n\n");
    for (size_t i = 0; i < n_commands; i++) {
        printf("  %-14s %-24s %s\n", commands[i].name, commands[i].usage, commands[i].help);
    }
    printf("\nSettings are listed by: consilium config\n");
    return COMMAND_OK;
}
