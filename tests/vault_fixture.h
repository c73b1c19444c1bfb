/* vault_fixture.h - vaults plain and sealed for the tests of rows and manifests. */
#ifndef TESTS_VAULT_FIXTURE_H
#define TESTS_VAULT_FIXTURE_H

#include "engine/vault/vault.h"
#include "tests/check/check.h"

#include <stdlib.h>
#include <string.h>

#if FID_SODIUM
enum { VAULT_KINDS = 2 }; /* plain and sealed */
#else
enum { VAULT_KINDS = 1 };
#endif

static const char a_key[] = "a key of more than thirty-two bytes, for tests";

static inline struct fid_secret *secret_of(enum fid_secret_kind kind, const char *text)
{
    struct fid_secret *secret;
    struct fid_error error = {0};
    CHECK_THAT(fid_secret_open(kind, text, strlen(text), &secret, &error) == FID_OK, "%s",
               error.text);
    return secret;
}

/* A new vault, of this gallery (NULL: a new one); the secret's key is wrapped in no time. */
static inline struct fid_vault *vault_of(bool sealed, const uint8_t *gallery)
{
    static const struct fid_seal_cost cheap = {1, 8};
    struct fid_secret *secret = sealed ? secret_of(FID_SECRET_KEY_FILE, a_key) : NULL;
    struct fid_vault *vault = NULL;
    struct fid_error error = {0};
    CHECK_THAT(fid_vault_make(gallery, secret, &cheap, &vault, &error) == FID_OK, "%s", error.text);
    fid_secret_close(&secret);
    return vault;
}

static inline void fill_randomly(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)check_random();
}

#endif
