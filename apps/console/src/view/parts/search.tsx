import { route, setParam } from '../../model/route.ts';
import { Icon } from './icon.tsx';

/** A filter that stands in the address. */
export function Search({ name, label, isMain = false }: { name: string; label: string; isMain?: boolean }) {
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search"
        value={route.value.params.get(name) ?? ''}
        placeholder={label}
        aria-label={label}
        spellcheck={false}
        autocomplete="off"
        data-search={isMain ? '' : undefined}
        onInput={({ currentTarget }) => setParam(name, currentTarget.value)}
      />
      {isMain && <kbd>/</kbd>}
    </label>
  );
}
