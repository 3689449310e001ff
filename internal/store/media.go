package store

import (
	"context"
	"fmt"
)

// ForgetMedia drops uploads that WeChat no longer has.
func (s *Store) ForgetMedia(ctx context.Context, account string, mediaIDs []string) error {
	err := s.tx(ctx, func(t *tx) error {
		for _, id := range mediaIDs {
			if _, err := t.exec(ctx, `DELETE FROM media WHERE account = ? AND media_id = ? AND media_id <> ''`, account, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget media: %w", err)
	}
	return nil
}
