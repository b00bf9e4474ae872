/* app/config_check.c - settings that contradict each other. One row each: the setting it is about,
 * whether it is so, and what to do. See config_check.h. */
#include "app/config_check.h"

#include "base/text.h"
#include "codec/stamp.h"
#include "os/socket.h"

static bool is_https(struct str url)
{
    return str_starts(url, S("https://"));
}

static bool has(struct str text, struct str part)
{
    return str_find(text, part) < text.n;
}

/* A scheme and a host, and a port perhaps; nothing after them. */
static bool base_url_bad(const struct config *c)
{
    struct str u = c->base_url;
    size_t scheme = is_https(u) ? 8 : 7;
    struct str host = str_sub(u, scheme, u.n);
    bool plain = host.n > 0 && (is_https(u) || str_starts(u, S("http://")));
    for (size_t i = 0; plain && i < host.n; i++) {
        char ch = host.p[i];
        plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '.'
                || ch == '-' || ch == ':' || ch == '[' || ch == ']';
    }
    return u.n > 0 && !plain;
}

static bool https_without_proxy(const struct config *c)
{
    return is_https(c->base_url) && !c->trust_proxy && !config_has_tls(c);
}

static bool tls_half(const struct config *c)
{
    return (c->tls_certificate.n > 0) != (c->tls_key.n > 0);
}

static bool tls_without_https(const struct config *c)
{
    return config_has_tls(c) && str_starts(c->base_url, S("http://"));
}

static bool tls_without_url(const struct config *c)
{
    return config_has_tls(c) && c->base_url.n == 0;
}

static bool tls_on_path(const struct config *c)
{
    return config_has_tls(c) && config_listens_on_path(c);
}

static bool proxy_without_https(const struct config *c)
{
    return c->trust_proxy && str_starts(c->base_url, S("http://"));
}

static bool proxy_without_url(const struct config *c)
{
    return c->trust_proxy && c->base_url.n == 0;
}

static bool open_without_proxy(const struct config *c)
{
    return config_listens_beyond(c) && !c->trust_proxy && !config_has_tls(c);
}

static bool open_with_proxy(const struct config *c)
{
    return config_listens_beyond(c) && c->trust_proxy;
}

static bool path_without_proxy(const struct config *c)
{
    return config_listens_on_path(c) && !c->trust_proxy;
}

static bool port_any(const struct config *c)
{
    return c->port == 0 && !config_listens_on_path(c);
}

static bool ports_same(const struct config *c)
{
    return c->dicom_port != 0 && c->dicom_port == c->port && !config_listens_on_path(c);
}

static bool dicom_without_peers(const struct config *c)
{
    return c->dicom_port != 0 && c->dicom_peers.n == 0;
}

static bool dicom_peers_unused(const struct config *c)
{
    return c->dicom_port == 0 && c->dicom_peers.n > 0;
}

static bool lang_unknown(const struct config *c)
{
    enum lang lang;
    return !lang_parse(c->lang, &lang);
}

static bool idle_over_max(const struct config *c)
{
    return c->session_idle > c->session_max * 60;
}

static bool streams_take_all(const struct config *c)
{
    return c->max_streams >= c->max_connections;
}

static bool turn_without_secret(const struct config *c)
{
    return c->turn_urls.n > 0 && c->turn_secret.n == 0;
}

static bool turn_secret_unused(const struct config *c)
{
    return c->turn_urls.n == 0 && c->turn_secret.n > 0;
}

static bool turn_only_without(const struct config *c)
{
    return c->turn_only && c->turn_urls.n == 0;
}

static bool recordings_without_media(const struct config *c)
{
    return c->recordings.n > 0 && c->media_servers.n == 0;
}

static bool mail_without_from(const struct config *c)
{
    return c->smtp_url.n > 0 && !has(c->mail_from, S("@"));
}

static bool mail_scheme(const struct config *c)
{
    return c->smtp_url.n > 0 && !str_starts(c->smtp_url, S("smtp://"))
           && !str_starts(c->smtp_url, S("smtps://"));
}

static bool mail_user_alone(const struct config *c)
{
    return (c->smtp_user.n > 0) != (c->smtp_password_file.n > 0);
}

static bool sms_says_nothing(const struct config *c)
{
    bool get = c->sms_body.n == 0;
    struct str where = get ? c->sms_url : c->sms_body;
    bool to = has(where, S("{to}")) || has(c->sms_url, S("{to}"));
    return c->sms_url.n > 0 && (!to || !has(where, S("{text}")));
}

static bool sms_uses_secret(const struct config *c)
{
    struct str secret = S("{secret}");
    return has(c->sms_url, secret) || has(c->sms_body, secret) || has(c->sms_header, secret);
}

static bool sms_without_secret(const struct config *c)
{
    return c->sms_url.n > 0 && sms_uses_secret(c) && c->sms_secret_file.n == 0;
}

static bool sms_secret_unused(const struct config *c)
{
    return c->sms_secret_file.n > 0 && !sms_uses_secret(c);
}

static bool plain_sms(const struct config *c)
{
    return str_starts(c->sms_url, S("http://")) && !c->notify_plain;
}

static bool telegram_alone(const struct config *c)
{
    return (c->telegram_bot.n > 0) != (c->telegram_token_file.n > 0);
}

static bool notices_without_url(const struct config *c)
{
    return c->base_url.n == 0 && (c->smtp_url.n > 0 || c->sms_url.n > 0 || c->telegram_bot.n > 0);
}

static bool signature_unknown_bad(const struct config *c)
{
    return !str_eq(c->signature_unknown, S("refuse")) && !str_eq(c->signature_unknown, S("warn"));
}

static bool scanner_bad(const struct config *c)
{
    return c->clamav_socket.n > 0 && !os_connect_may(c->clamav_socket);
}

static bool scanner_missing_bad(const struct config *c)
{
    return !str_eq(c->clamav_missing, S("refuse")) && !str_eq(c->clamav_missing, S("keep"));
}

static bool scanner_lets_through(const struct config *c)
{
    return c->clamav_socket.n > 0 && str_eq(c->clamav_missing, S("keep"));
}

static bool signature_without_roots(const struct config *c)
{
    return c->signature_roots.n == 0 && (c->signature_lists.n > 0 || c->signature_hosts.n > 0);
}

static bool stamp_url_bad(const struct config *c)
{
    return c->stamp_url.n > 0 && !str_starts(c->stamp_url, S("https://"))
           && !str_starts(c->stamp_url, S("http://"));
}

static bool stamp_without_roots(const struct config *c)
{
    return c->stamp_url.n > 0 && c->stamp_roots.n == 0;
}

static bool stamp_policy_bad(const struct config *c)
{
    return c->stamp_policy.n > 0 && !stamp_is_policy(c->stamp_policy);
}

static bool stamp_without_url(const struct config *c)
{
    return c->stamp_url.n == 0 && c->stamp_policy.n > 0;
}

static bool signature_unasked(const struct config *c)
{
    return c->signature_roots.n > 0 && c->signature_hosts.n == 0;
}

static bool provider_bad(const struct config *c)
{
    struct str u = c->oidc_issuer;
    bool scheme = is_https(u) || (c->oidc_plain && str_starts(u, S("http://")));
    return u.n > 0 && (!scheme || has(u, S("?")) || has(u, S("#")) || has(u, S(" ")));
}

static bool provider_without_client(const struct config *c)
{
    return c->oidc_issuer.n > 0 && (c->oidc_client_id.n == 0 || c->oidc_claim.n == 0);
}

static bool provider_without_url(const struct config *c)
{
    return c->oidc_issuer.n > 0 && c->base_url.n == 0;
}

static bool provider_unused(const struct config *c)
{
    return c->oidc_issuer.n == 0 && (c->oidc_client_id.n > 0 || c->oidc_client_secret.n > 0);
}

static bool provider_roles_half(const struct config *c)
{
    return (c->oidc_roles.n > 0) != (c->oidc_roles_claim.n > 0);
}

static bool provider_roles_unused(const struct config *c)
{
    return c->oidc_issuer.n == 0 && c->oidc_roles.n > 0;
}

static bool backup_nowhere(const struct config *c)
{
    return c->backup_to.n == 0;
}

static bool backup_without_password(const struct config *c)
{
    return c->backup_to.n > 0 && c->backup_password_file.n == 0;
}

static bool backup_in_data(const struct config *c)
{
    struct str to = c->backup_to;
    return c->data.n > 0 && str_starts(to, c->data) && (to.n == c->data.n || to.p[c->data.n] == '/');
}

static bool password_in_data(const struct config *c)
{
    struct str file = c->backup_password_file;
    return file.n > c->data.n && str_starts(file, c->data) && file.p[c->data.n] == '/';
}

/* clang-format off */
static const struct {
    struct str key;
    enum config_weight weight;
    bool (*is_so)(const struct config *c);
    struct str words;
} rows[] = {
    {SI("base_url"), CONFIG_WRONG, base_url_bad, SI("must be https:// and a host, with nothing after it: https://telemed.example")},
    {SI("base_url"), CONFIG_WRONG, https_without_proxy, SI("is https://, which a proxy speaks, but trust_proxy is false: all people would seem to come from one address, and their sessions would not be kept to https; set trust_proxy = true, or tls_certificate and tls_key when there is no proxy")},
    {SI("tls_certificate"), CONFIG_WRONG, tls_half, SI("tls_certificate and tls_key belong together: set both or none")},
    {SI("tls_certificate"), CONFIG_WRONG, tls_on_path, SI("is for an address, and listen is a socket for a proxy, which speaks TLS itself: set listen = 0.0.0.0 and port = 443, or leave the certificate to the proxy")},
    {SI("base_url"), CONFIG_WRONG, tls_without_https, SI("is http://, and the program answers https:// alone: write https://")},
    {SI("base_url"), CONFIG_ADVICE, tls_without_url, SI("set it to https:// and the name in the certificate: links in notices, QR codes and passkeys need it")},
    {SI("base_url"), CONFIG_WRONG, proxy_without_https, SI("is http:// behind a proxy: links in notices and QR codes would lead past TLS; give the proxy a certificate and write https://")},
    {SI("trust_proxy"), CONFIG_ADVICE, proxy_without_url, SI("set base_url = https://HOST too: links in notices and QR codes on conclusions need it")},
    {SI("listen"), CONFIG_WRONG, open_without_proxy, SI("others reach this address, and the program speaks no TLS: passwords and records would go unencrypted; set tls_certificate and tls_key, or listen = 127.0.0.1 with a proxy in front, and trust_proxy = true")},
    {SI("listen"), CONFIG_ADVICE, open_with_proxy, SI("whoever reaches this address beside the proxy can pretend to be any address: let the firewall admit the proxy alone, or set listen = 127.0.0.1 when it is on this machine")},
    {SI("listen"), CONFIG_WRONG, path_without_proxy, SI("is a socket for a proxy, but trust_proxy is false: all people would seem to be one; set trust_proxy = true")},
    {SI("port"), CONFIG_ADVICE, port_any, SI("the system chooses another port at each start: a proxy cannot follow")},
    {SI("dicom_port"), CONFIG_WRONG, ports_same, SI("is the port of the pages: choose another")},
    {SI("dicom_port"), CONFIG_WRONG, dicom_without_peers, SI("nobody may push images until dicom_peers names them")},
    {SI("dicom_peers"), CONFIG_ADVICE, dicom_peers_unused, SI("has no effect: dicom_port is 0")},
    {SI("lang"), CONFIG_WRONG, lang_unknown, SI("must be ru, kk, uz or en")},
    {SI("session_idle"), CONFIG_ADVICE, idle_over_max, SI("is longer than session_max, which ends the session before")},
    {SI("max_streams"), CONFIG_WRONG, streams_take_all, SI("open pages could take all of max_connections, and nobody else could be answered: make it less")},
    {SI("turn_urls"), CONFIG_WRONG, turn_without_secret, SI("the relay would refuse everybody: set turn_secret to its static-auth-secret")},
    {SI("turn_secret"), CONFIG_ADVICE, turn_secret_unused, SI("has no effect: turn_urls names no relay")},
    {SI("turn_only"), CONFIG_WRONG, turn_only_without, SI("no meeting could begin: turn_urls names no relay")},
    {SI("recordings"), CONFIG_WRONG, recordings_without_media, SI("nothing could be recorded: media_servers names no media server")},
    {SI("smtp_url"), CONFIG_WRONG, mail_scheme, SI("must begin with smtp:// or smtps://")},
    {SI("mail_from"), CONFIG_WRONG, mail_without_from, SI("smtp_url needs the address notices come from, as notices@telemed.example")},
    {SI("smtp_user"), CONFIG_WRONG, mail_user_alone, SI("smtp_user and smtp_password_file belong together: set both or none")},
    {SI("sms_url"), CONFIG_WRONG, sms_says_nothing, SI("{to} and {text} must stand in what is sent: in sms_body, or in sms_url when that is empty")},
    {SI("sms_secret_file"), CONFIG_WRONG, sms_without_secret, SI("{secret} is used, but no file holds it")},
    {SI("sms_secret_file"), CONFIG_ADVICE, sms_secret_unused, SI("has no effect: {secret} stands nowhere")},
    {SI("sms_url"), CONFIG_WRONG, plain_sms, SI("is http://, which is used only with notify_plain = true")},
    {SI("telegram_bot"), CONFIG_WRONG, telegram_alone, SI("telegram_bot and telegram_token_file belong together: set both or none")},
    {SI("base_url"), CONFIG_ADVICE, notices_without_url, SI("notices beyond the page carry a link only when this names the address people use")},
    {SI("stamp_url"), CONFIG_WRONG, stamp_url_bad, SI("must begin with https:// or http://")},
    {SI("stamp_roots"), CONFIG_WRONG, stamp_without_roots, SI("is empty: no time stamp of stamp_url could be taken; name the certificates of its authority")},
    {SI("stamp_policy"), CONFIG_WRONG, stamp_policy_bad, SI("must be an object identifier, as 1.2.398.3.3.2.6")},
    {SI("stamp_policy"), CONFIG_ADVICE, stamp_without_url, SI("has no effect: stamp_url names no authority")},
    {SI("signature_unknown"), CONFIG_WRONG, signature_unknown_bad, SI("must be refuse or warn")},
    {SI("clamav_socket"), CONFIG_WRONG, scanner_bad, SI("must be unix:/path of clamd's socket (Debian: unix:/run/clamav/clamd.ctl), or a numeric address and a port: 127.0.0.1:3310")},
    {SI("clamav_missing"), CONFIG_WRONG, scanner_missing_bad, SI("must be refuse or keep")},
    {SI("clamav_missing"), CONFIG_ADVICE, scanner_lets_through, SI("is keep: files are taken unseen while the virus scanner does not answer; they carry a mark, and the record names them")},
    {SI("signature_roots"), CONFIG_ADVICE, signature_without_roots, SI("is empty: no signature of tokens is taken, and signature_lists and signature_hosts have no effect")},
    {SI("signature_hosts"), CONFIG_ADVICE, signature_unasked, SI("is empty: nobody is asked whether a certificate is revoked, so somebody must keep fresh lists in signature_lists")},
    {SI("oidc_issuer"), CONFIG_WRONG, provider_bad, SI("must be the provider's address as it calls itself: https://, without ? and # (http:// only with oidc_plain = true)")},
    {SI("oidc_client_id"), CONFIG_WRONG, provider_without_client, SI("oidc_issuer needs oidc_client_id, the name under which this program is registered there, and oidc_claim")},
    {SI("base_url"), CONFIG_WRONG, provider_without_url, SI("must be set with oidc_issuer: the provider sends people back to this address alone")},
    {SI("oidc_issuer"), CONFIG_ADVICE, provider_unused, SI("names no provider: oidc_client_id and oidc_client_secret have no effect")},
    {SI("oidc_roles"), CONFIG_WRONG, provider_roles_half, SI("oidc_roles and oidc_roles_claim belong together: set both or none")},
    {SI("oidc_roles"), CONFIG_ADVICE, provider_roles_unused, SI("has no effect: oidc_issuer names no provider")},
    {SI("backup_to"), CONFIG_ADVICE, backup_nowhere, SI("no backup is made: name a folder on another disk, or s3:https://host/bucket, and set backup_password_file")},
    {SI("backup_password_file"), CONFIG_WRONG, backup_without_password, SI("backups are encrypted with the password in this file, and none is named: keep a copy of it elsewhere")},
    {SI("backup_to"), CONFIG_WRONG, backup_in_data, SI("lies within the data folder and would be lost with it: name another disk")},
    {SI("backup_password_file"), CONFIG_ADVICE, password_in_data, SI("lies within the data folder and is lost with it: keep a copy elsewhere, without it no backup can be read")},
};
/* clang-format on */

void config_check(const struct config *c, struct config_issues *issues)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        if (rows[i].is_so(c)) {
            config_issue_add(issues, c, rows[i].weight, rows[i].key, rows[i].words);
        }
    }
}
