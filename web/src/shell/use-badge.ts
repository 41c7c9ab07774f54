/** Lets a place mark its link in the navigation, e.g. while a call is running. */
import { onScopeDispose } from 'vue';
import { useRoute } from 'vue-router';
import { usePageState, type Badge } from './page-state.js';

/** @param badge is evaluated reactively; undefined shows none. */
export function useBadge(badge: () => Badge | undefined): void {
  const { badges } = usePageState();
  const id = useRoute().meta.place?.id;
  if (id === undefined) throw new Error('useBadge() requires a place');
  badges.set(id, badge);
  onScopeDispose(() => badges.delete(id));
}
