/** Line drawings of 24 by 24. */

const PATHS = {
  brand:
    'M2 9c3.3 0 3.3 2.5 6.7 2.5S12 9 15.3 9s3.4 2.5 6.7 2.5M2 15c3.3 0 3.3 2.5 6.7 2.5S12 15 15.3 15s3.4 2.5 6.7 2.5',
  sun: 'M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  auto: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 3v18M12 7l5-1.5M12 12h9M12 17l5 1.5',
  help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.9-1.1 1.8M12 16.8v.1',
  close: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.3v.1',
  pause: 'M8.5 5v14M15.5 5v14',
  play: 'M7 5l12 7-12 7V5Z',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  back: 'M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l5 5',
  check: 'M4.5 12.5l5 5L20 7',
  replay: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="drawing" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
