package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"
)

// sealer returns the AES-256-GCM that seals tokens, its key made from secret by HKDF-SHA256 (RFC 5869); nil without a
// secret.
func sealer(secret []byte) (cipher.AEAD, error) {
	if len(secret) == 0 {
		return nil, nil
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "wefeed access tokens", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// SaveToken keeps the account's access token, sealed. Without a secret it keeps nothing.
func (s *Store) SaveToken(ctx context.Context, account, token string, expires time.Time) error {
	if s.seal == nil {
		return nil
	}
	nonce := make([]byte, s.seal.NonceSize())
	if _, err := io.ReadFull(s.rand, nonce); err != nil {
		return fmt.Errorf("save token: %w", err)
	}
	sealed := s.seal.Seal(nonce, nonce, []byte(token), []byte(account)) // an account's token opens for it alone
	return s.tx(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO tokens (account, sealed, expires) VALUES (?, ?, ?)
			ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, expires = excluded.expires`, account, sealed, expires)
		return err
	})
}

// Token returns the account's access token and when it expires, or ErrNotFound. A token that does not open, since the
// secret is another one now, counts as absent.
func (s *Store) Token(ctx context.Context, account string) (token string, expires time.Time, err error) {
	var sealed []byte
	err = s.read(ctx, func(q querier) error {
		return q.row(ctx, `SELECT sealed, expires FROM tokens WHERE account = ?`, account).Scan(&sealed, at(&expires))
	})
	if errors.Is(err, sql.ErrNoRows) || err == nil && s.seal == nil {
		return "", time.Time{}, ErrNotFound
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("token of %s: %w", account, err)
	}
	n := s.seal.NonceSize()
	if len(sealed) > n {
		if plain, err := s.seal.Open(nil, sealed[:n], sealed[n:], []byte(account)); err == nil {
			return string(plain), expires, nil
		}
	}
	s.log.Warn("stored access token does not open with this secret and is fetched anew", "account", account)
	return "", time.Time{}, ErrNotFound
}
